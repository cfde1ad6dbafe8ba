// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace wavlab {

/// A program that is talked to by lines through its stdin and stdout. It has a process group of its own, all of which
/// ends with this object. Should this process be killed, the other finds the other end of its stdin closed: it is up to
/// it to end then, see end_with_starter().
class ChildProgram {
public:
    /// `command`: the program, looked for in PATH, and its arguments. `variables`, "NAME=value", replace those of the
    /// environment. What it writes to stderr goes into the file `errors`. Throws InputError when it cannot be started.
    ChildProgram(std::vector<std::string> command, const std::vector<std::string>& variables,
                 std::filesystem::path errors);
    ~ChildProgram();
    ChildProgram(const ChildProgram&) = delete;
    ChildProgram& operator=(const ChildProgram&) = delete;

    /// A program that has ended reads nothing, and no error comes of it.
    void write_line(const std::string& line);
    /// The next line, waited for; empty where the program has ended. `while_waiting` (may be null) is called now and
    /// then. Throws Interruption.
    std::optional<std::string> read_line(const std::function<void()>& while_waiting);
    /// The last line that it wrote to stderr.
    std::string last_error() const;

private:
    pid_t process_ = -1;
    int input_ = -1;
    int output_ = -1;
    std::string pending_;
    std::filesystem::path errors_;
};

/// Called in a program that a ChildProgram started: from here on it is killed when the thread that started it ends,
/// however that ends. Where it has ended before, so does this process.
void end_with_starter();

}  // namespace wavlab
