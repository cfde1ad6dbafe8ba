// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/queue/child_run.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "app/child_environment.h"
#include "core/error.h"

namespace wavlab {

namespace {

constexpr int experiment_descriptor = 3;  // in the child
constexpr int pipe_bytes = 1 << 20;       // so that a quick run does not wait for its reader

[[noreturn]] void fail(const char* what) {
    throw WorkError(std::string("a process for a run cannot be made: ") + what + ": " + std::strerror(errno));
}

void close_descriptor(int& descriptor) {
    if (descriptor >= 0) ::close(descriptor);
    descriptor = -1;
}

/// A file in memory with this text; the child reads it as its experiment file.
int memory_file(const std::string& text) {
    const int descriptor = ::memfd_create("experiment.toml", MFD_CLOEXEC);
    if (descriptor < 0) fail("memory");
    for (std::size_t done = 0; done < text.size();) {
        const ssize_t written = ::write(descriptor, text.data() + done, text.size() - done);
        if (written < 0) {
            ::close(descriptor);
            fail("memory");
        }
        done += static_cast<std::size_t>(written);
    }
    return descriptor;
}

std::vector<std::string> arguments_of(const ChildRequest& request) {
    const std::string folder = request.folder.string();
    if (request.experiment.empty()) return {"wavlab", "resume", folder, "--json"};
    return {"wavlab", "train", "/proc/self/fd/" + std::to_string(experiment_descriptor), "--run", folder, "--json"};
}

std::vector<std::string> environment_of(const ChildRequest& request) {
    if (request.visible_devices.empty()) return environment_with({});
    return environment_with({"CUDA_VISIBLE_DEVICES=" + request.visible_devices});
}

}  // namespace

std::filesystem::path own_program() {
    constexpr const char* self = "/proc/self/exe";
    constexpr const char* name = "wavlab";
    std::error_code error;
    const std::filesystem::path file = std::filesystem::read_symlink(self, error);
    // The name has " (deleted)" behind it after a new build; the link itself works still.
    if (error || file.filename().string().starts_with(name)) return self;
    return file.parent_path() / name;
}

ChildRun::ChildRun(const ChildRequest& request) {
    std::vector<std::string> arguments = arguments_of(request);
    std::vector<std::string> environment = environment_of(request);
    const std::vector<char*> argument_list = null_terminated(arguments);
    const std::vector<char*> environment_list = null_terminated(environment);
    const std::string program = request.program.string();

    int experiment = request.experiment.empty() ? -1 : memory_file(request.experiment);
    std::array<int, 2> output{-1, -1};
    std::array<int, 2> error{-1, -1};
    const auto close_all = [&] {
        for (int* descriptor : {&experiment, &output[0], &output[1], &error[0], &error[1]})
            close_descriptor(*descriptor);
    };
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing < 0 || ::pipe2(output.data(), O_CLOEXEC) != 0 || ::pipe2(error.data(), O_CLOEXEC) != 0) {
        close_all();
        if (nothing >= 0) ::close(nothing);
        fail("pipe");
    }
    const pid_t parent = ::getpid();
    process_ = ::fork();
    if (process_ == 0) {
        // Only what is safe after a fork of a program with threads. A group of its own: Ctrl+C reaches the parent,
        // which asks for the stop.
        ::setpgid(0, 0);
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (::getppid() != parent) ::_exit(1);
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::signal(SIGPIPE, SIG_DFL);
        ::dup2(nothing, STDIN_FILENO);
        ::dup2(output[1], STDOUT_FILENO);
        ::dup2(error[1], STDERR_FILENO);
        if (experiment == experiment_descriptor)
            ::fcntl(experiment, F_SETFD, 0);
        else if (experiment >= 0)
            ::dup2(experiment, experiment_descriptor);
        ::execve(program.c_str(), argument_list.data(), environment_list.data());
        ::_exit(127);
    }
    const int reason = errno;
    ::close(nothing);
    if (process_ < 0) {
        close_all();
        errno = reason;
        fail("fork");
    }
    output_.descriptor = std::exchange(output[0], -1);
    error_.descriptor = std::exchange(error[0], -1);
    close_all();
    for (const int descriptor : descriptors()) {
        ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
        ::fcntl(descriptor, F_SETPIPE_SZ, pipe_bytes);
    }
}

ChildRun::~ChildRun() {
    stop();
    while (!exit_code()) {
        std::vector<pollfd> waiting;
        for (const int descriptor : descriptors()) waiting.push_back({descriptor, POLLIN, 0});
        constexpr int milliseconds = 50;
        ::poll(waiting.data(), waiting.size(), milliseconds);
        read({}, {});
    }
    close_descriptor(output_.descriptor);
    close_descriptor(error_.descriptor);
}

void ChildRun::stop() {
    if (!status_ && process_ > 0) ::kill(process_, SIGTERM);
}

bool ChildRun::Pipe::drain(const std::function<void(const std::string& line)>& on_line) {
    std::array<char, 65536> piece;
    while (descriptor >= 0) {
        const ssize_t length = ::read(descriptor, piece.data(), piece.size());
        if (length < 0 && errno == EINTR) continue;
        if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        if (length <= 0) {
            close_descriptor(descriptor);
            if (!pending.empty()) pending += '\n';
        } else {
            pending.append(piece.data(), static_cast<std::size_t>(length));
        }
        std::size_t begin = 0;
        for (std::size_t end; (end = pending.find('\n', begin)) != std::string::npos; begin = end + 1)
            if (on_line) on_line(pending.substr(begin, end - begin));
        pending.erase(0, begin);
    }
    return descriptor < 0;
}

void ChildRun::read(const std::function<void(const std::string& line)>& on_output,
                    const std::function<void(const std::string& line)>& on_error) {
    output_.drain(on_output);
    error_.drain(on_error);
}

std::optional<int> ChildRun::exit_code() {
    if (!status_) {
        int status = 0;
        if (::waitpid(process_, &status, WNOHANG) != process_) return std::nullopt;
        constexpr int signal_base = 128;
        status_ = WIFEXITED(status) ? WEXITSTATUS(status) : signal_base + WTERMSIG(status);
    }
    // Its pipes end with it: what it printed last is still in them.
    const auto readable = [](const Pipe& pipe) {
        if (pipe.descriptor < 0) return false;
        pollfd waiting{pipe.descriptor, POLLIN, 0};
        return ::poll(&waiting, 1, 0) == 1 && (waiting.revents & POLLIN) != 0;
    };
    if (readable(output_) || readable(error_)) return std::nullopt;
    return status_;
}

std::vector<int> ChildRun::descriptors() const {
    std::vector<int> list;
    for (const Pipe* pipe : {&output_, &error_})
        if (pipe->descriptor >= 0) list.push_back(pipe->descriptor);
    return list;
}

}  // namespace wavlab
