// SPDX-License-Identifier: GPL-3.0-or-later
// The figures of a paper, each drawn by a process of this program (`wavlab figure FILE.toml`): Qt stays out of here.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>

#include <fmt/format.h>

#include "app/child_environment.h"
#include "app/command.h"
#include "app/paper/paper.h"
#include "app/queue/child_run.h"
#include "app/training_console.h"
#include "core/error.h"
#include "core/safe_file.h"

namespace wavlab {

namespace {

namespace fs = std::filesystem;

/// Runs a program to its end. Returns its exit code, 128 + the signal that ended it, and what it wrote to stderr.
std::pair<int, std::string> run_to_end(std::vector<std::string> command) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0)
        throw WorkError(std::string("no process can be started: ") + std::strerror(errno));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    std::vector<std::string> environment = environment_with({});
    pid_t process = -1;
    const int problem = ::posix_spawn(&process, command.front().c_str(), &actions, nullptr,
                                      null_terminated(command).data(), null_terminated(environment).data());
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    std::string errors;
    if (problem == 0) {
        char bytes[4096];
        for (ssize_t count = 0; (count = ::read(ends[0], bytes, sizeof bytes)) != 0;) {
            if (count < 0 && errno != EINTR) break;
            if (count > 0) errors.append(bytes, static_cast<std::size_t>(count));
        }
    }
    ::close(ends[0]);
    if (problem != 0)
        throw WorkError(fmt::format("the program '{}' cannot be started: {}", command.front(), std::strerror(problem)));
    int status = 0;
    while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    constexpr int killed = 128;
    return {WIFEXITED(status) ? WEXITSTATUS(status) : killed + WTERMSIG(status), errors};
}

/// What a program of ours said on stderr, line by line, without its name.
std::vector<std::string> sentences(const std::string& errors) {
    constexpr std::string_view prefix = "wavlab: ";
    std::vector<std::string> lines;
    std::istringstream text(errors);
    for (std::string line; std::getline(text, line);)
        if (!line.empty()) lines.push_back(line.starts_with(prefix) ? line.substr(prefix.size()) : line);
    return lines;
}

/// A folder that holds links to the paper's runs under the names that its sweeps gave them, and nothing else: their
/// own folder may hold runs of an earlier state of the project, and give later ones longer names. It goes with this
/// object.
class RunLinks {
public:
    RunLinks(const PaperRuns& runs, fs::path folder) : folder_(std::move(folder)) {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        for (const QueuedRun& run : runs.queued) {
            if (run.folder.empty()) continue;
            const bool taken = fs::is_symlink(folder_ / run.name);  // by another sweep of this name
            fs::create_directory_symlink(fs::absolute(run.folder),
                                         folder_ / (taken ? run.folder.filename() : fs::path(run.name)));
        }
    }
    ~RunLinks() {
        std::error_code stays;
        fs::remove_all(folder_, stays);
    }
    RunLinks(const RunLinks&) = delete;
    RunLinks& operator=(const RunLinks&) = delete;
    const fs::path& folder() const { return folder_; }

private:
    fs::path folder_;
};

/// A report shows SVG, or else PNG.
std::string picture_of(const FigureFile& figure) {
    for (const char* ending : {".svg", ".png"})
        for (const std::string& out : figure.out)
            if (out.ends_with(ending)) return out;
    return "";
}

/// A file that somebody changed is kept. True when it was.
bool keep_or_write(const fs::path& file, const std::string& text) {
    std::error_code unreadable;
    if (!fs::exists(file, unreadable)) {
        write_file_safely(file, text);
        return false;
    }
    return read_file(file, 1 << 20) != text;
}

}  // namespace

std::vector<DrawnFigure> draw_figures(const Paper& paper, const PaperRuns& runs, const fs::path& folder) {
    if (paper.project.figures.empty()) return {};
    fs::create_directories(folder);
    const RunLinks links(runs, folder / ".runs");
    std::vector<DrawnFigure> drawn;
    for (const PaperFigure& figure : paper.project.figures) {
        DrawnFigure one;
        one.file = figure.file;
        const fs::path file = folder / figure.file;
        one.kept = keep_or_write(file, paper.figure_texts.at(figure.file));
        if (!paper.figures_need.empty()) {
            one.problem = paper.figures_need;
        } else if (!stop_was_asked()) {
            const auto [code, errors] =
                run_to_end({own_program().string(), "figure", file.string(), "--runs", links.folder().string()});
            one.notes = sentences(errors);
            if (code != 0) {
                one.problem =
                    one.notes.empty() ? fmt::format("its process ended with code {}", code) : one.notes.back();
                one.notes.clear();
            }
        }
        if (one.problem.empty()) try {
                one.picture = picture_of(one.kept ? read_figure(file) : paper.figures.at(figure.file));
            } catch (const InputError& problem) {
                one.problem = problem.what();
            }
        drawn.push_back(std::move(one));
    }
    return drawn;
}

}  // namespace wavlab
