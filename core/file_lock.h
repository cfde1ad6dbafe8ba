// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

namespace wavlab {

/// An advisory lock on a file, between processes and between threads (an open file description lock); held while the
/// object lives, released by the system if the process dies. The file is made where it is missing, and stays. Looking
/// at a lock (`is_held`, `holder`) never gets in the way of somebody who takes it.
class FileLock {
public:
    /// Empty when somebody else holds it. `who`, if given, is what `holder` tells others, with the number of this
    /// process: "the window, process 123". Throws InputError when the file cannot be made or locked.
    static std::optional<FileLock> try_take(const std::filesystem::path& file, const std::string& who = {});
    /// Waits until it is free; empty only when `stop` was asked for before that. Throws as `try_take` does.
    static std::optional<FileLock> take(const std::filesystem::path& file, std::stop_token stop,
                                        const std::string& who = {});

    /// Whether somebody holds it now.
    static bool is_held(const std::filesystem::path& file);
    /// Who holds it, "another process" where that is not told; empty when nobody does.
    static std::optional<std::string> holder(const std::filesystem::path& file);

    ~FileLock();
    FileLock(FileLock&& other) noexcept;
    FileLock& operator=(FileLock&& other) noexcept;

private:
    explicit FileLock(int descriptor) : descriptor_(descriptor) {}

    int descriptor_ = -1;
};

}  // namespace wavlab
