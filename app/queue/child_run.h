// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace wavlab {

/// The file of this program, also where it was replaced since it started; for tests, which are other programs, the one
/// that lies beside them.
std::filesystem::path own_program();

/// What a process of this program is to train.
struct ChildRequest {
    std::filesystem::path program = own_program();
    std::string experiment;        ///< TOML of a new run; empty: go on with the run in `folder`
    std::filesystem::path folder;  ///< the run's
    std::string visible_devices;   ///< CUDA_VISIBLE_DEVICES for it; empty: as here
};

/// A process of this program that trains one run. Should this process end, however it does, the other is asked to stop
/// with its state saved (PR_SET_PDEATHSIG), so that nothing goes on unseen. That holds for the thread that makes the
/// object: it must be one that lives as long as the process.
class ChildRun {
public:
    /// Throws WorkError when no process can be made.
    explicit ChildRun(const ChildRequest& request);
    /// A process that still goes is asked to stop, and waited for.
    ~ChildRun();
    ChildRun(const ChildRun&) = delete;
    ChildRun& operator=(const ChildRun&) = delete;

    /// Asks it to stop with its state saved.
    void stop();
    /// Takes what it has printed, without waiting: complete lines of stdout and of stderr.
    void read(const std::function<void(const std::string& line)>& on_output,
              const std::function<void(const std::string& line)>& on_error);
    /// Its exit code once it is over and everything it printed was read; 128 + the signal that ended it.
    std::optional<int> exit_code();
    /// What can be polled for new output.
    std::vector<int> descriptors() const;

private:
    struct Pipe {
        int descriptor = -1;
        std::string pending;
        bool drain(const std::function<void(const std::string& line)>& on_line);
    };

    pid_t process_ = -1;
    std::optional<int> status_;
    Pipe output_;
    Pipe error_;
};

}  // namespace wavlab
