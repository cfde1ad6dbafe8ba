// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/run_event.h"
#include "core/tensorboard_events.h"

namespace wavlab {

struct RunFolder;

/// Writes what the run has recorded as one event file in a folder of its name below `folder`, which TensorBoard reads
/// (`--logdir`). An earlier export of the run is replaced. Returns the file. Throws InputError when it cannot be
/// written or when the run's folder there holds event files of another writer, and WorkError.
std::filesystem::path export_tensorboard(const RunFolder& run, const std::filesystem::path& folder);

/// Writes a live run's events to an event file in a folder of its name below `folder`, as they come. A resumed run
/// starts a further file, with what the earlier ones lack of the run's history first. Trouble while writing stops the
/// writing and never the run.
class TensorboardLog {
public:
    /// Makes `folder` and sees that files can be made in it. Throws InputError.
    explicit TensorboardLog(std::filesystem::path folder);
    /// Closes the file. A folder that was made for nothing is removed.
    ~TensorboardLog();
    TensorboardLog(const TensorboardLog&) = delete;
    TensorboardLog& operator=(const TensorboardLog&) = delete;

    /// Takes an event up, in the run's order; RunStarted opens the file. `flush` writes it.
    void apply(const RunEvent& event);
    /// Writes what was taken up, so that TensorBoard sees it.
    void flush();
    /// Why nothing more is written, a sentence for the user; given once.
    std::optional<std::string> take_problem();

private:
    void open(const RunStarted& started);
    void add_history(const RunStarted& started, std::int64_t first_step);
    void write(const std::string& bytes);
    void stop(const std::string& why);

    std::filesystem::path folder_;
    bool folder_is_new_ = false;
    std::filesystem::path file_;
    int descriptor_ = -1;
    std::int64_t written_ = 0;  ///< bytes, whole records only
    std::string pending_;
    TensorboardEvents events_;
    std::optional<std::string> problem_;
};

}  // namespace wavlab
