// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/bench/child_program.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <utility>

#include "app/bench/interruption.h"
#include "app/child_environment.h"
#include "core/error.h"

namespace wavlab {

namespace {

/// What the child is given: its streams, a process group of its own, signals as they are at a program's start.
class SpawnSettings {
public:
    SpawnSettings(int input, int output, const std::string& errors) {
        posix_spawn_file_actions_init(&actions_);
        posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
        posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        sigset_t signals;
        sigemptyset(&signals);
        posix_spawnattr_init(&attributes_);
        posix_spawnattr_setsigmask(&attributes_, &signals);
        for (const int signal : {SIGPIPE, SIGXFSZ}) sigaddset(&signals, signal);
        posix_spawnattr_setsigdefault(&attributes_, &signals);
        posix_spawnattr_setpgroup(&attributes_, 0);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    }
    ~SpawnSettings() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;

    int spawn(pid_t& process, char* const* arguments, char* const* environment) const {
        return ::posix_spawnp(&process, arguments[0], &actions_, &attributes_, arguments, environment);
    }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

}  // namespace

ChildProgram::ChildProgram(std::vector<std::string> command, const std::vector<std::string>& variables,
                           std::filesystem::path errors)
    : errors_(std::move(errors)) {
    std::vector<std::string> environment = environment_with(variables);
    std::array<int, 2> input{-1, -1};
    std::array<int, 2> output{-1, -1};
    int problem = 0;
    if (::pipe2(input.data(), O_CLOEXEC) != 0 || ::pipe2(output.data(), O_CLOEXEC) != 0) problem = errno;
    if (problem == 0)
        problem = SpawnSettings(input[0], output[1], errors_.string())
                      .spawn(process_, null_terminated(command).data(), null_terminated(environment).data());
    for (const int descriptor : {input[0], output[1]})
        if (descriptor >= 0) ::close(descriptor);
    input_ = input[1];
    output_ = output[0];
    if (problem == 0) return;
    for (const int descriptor : {input_, output_})
        if (descriptor >= 0) ::close(descriptor);
    throw InputError("the program '" + command.front() + "' cannot be started: " + std::strerror(problem));
}

ChildProgram::~ChildProgram() {
    ::kill(-process_, SIGKILL);
    ::close(input_);
    ::close(output_);
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

void ChildProgram::write_line(const std::string& line) {
    const std::string text = line + "\n";
    for (std::size_t done = 0; done < text.size();) {
        const ssize_t written = ::write(input_, text.data() + done, text.size() - done);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return;
        done += static_cast<std::size_t>(written);
    }
}

std::optional<std::string> ChildProgram::read_line(const std::function<void()>& while_waiting) {
    constexpr int milliseconds = 100;
    std::array<char, 4096> piece;
    for (;;) {
        if (const std::size_t end = pending_.find('\n'); end != std::string::npos) {
            const std::string line = pending_.substr(0, end);
            pending_.erase(0, end + 1);
            return line;
        }
        require_no_interruption();
        pollfd waiting{output_, POLLIN, 0};
        if (::poll(&waiting, 1, milliseconds) != 1) {
            if (while_waiting) while_waiting();
            continue;
        }
        const ssize_t length = ::read(output_, piece.data(), piece.size());
        if (length < 0 && errno == EINTR) continue;
        if (length <= 0) return std::nullopt;
        pending_.append(piece.data(), static_cast<std::size_t>(length));
    }
}

std::string ChildProgram::last_error() const {
    std::ifstream stream(errors_);
    std::string last;
    for (std::string line; std::getline(stream, line);)
        if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
    return last;
}

void end_with_starter() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    pollfd input{STDIN_FILENO, 0, 0};
    if (::poll(&input, 1, 0) == 1 && (input.revents & POLLHUP) != 0) ::_exit(static_cast<int>(ExitCode::failed));
}

}  // namespace wavlab
