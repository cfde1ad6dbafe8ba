// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/model/training_support.h"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <chrono>
#include <csignal>
#include <cstdlib>

#include "core/run_folder.h"
#include "core/run_store.h"

extern char** environ;

namespace wavlab::testing {

namespace fs = std::filesystem;

namespace {

constexpr auto patience = std::chrono::seconds(60);

template <class Frame>
void keep_frame(StoredRun& run, const std::optional<Frame>& frame) {
    if (!frame) return;
    for (const auto& [name, member] : Frame::fields())
        run.frames[{std::string(Frame::kind) + "/" + name, frame->step}] = (*frame).*member;
}

bool same_bits(float a, float b) { return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b); }
bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

}  // namespace

TemporaryFolder::TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "wavlab-test-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

Experiment training_experiment(const std::string& method, std::int64_t steps) {
    Experiment experiment;
    experiment.name = "small";
    experiment.seed = 11;
    experiment.model = {.method = method, .layers = 2, .width = 16, .heads = 2, .mlp_hidden = 24, .context = 16};
    experiment.data.size = 20'000;
    TrainSettings& train = experiment.train;
    train.steps = steps;
    train.batch = 4;
    train.warmup = 3;
    train.device = "cpu";
    train.eval_every = 5;
    train.eval_windows = 6;
    train.checkpoint_every = 4;
    train.record_every = 3;
    train.sample_every = 0;
    train.threads = 2;
    return experiment;
}

RunEnded Events::end() const {
    if (!all.empty())
        if (const auto* ended = std::get_if<RunEnded>(&all.back())) return *ended;
    ADD_FAILURE() << "the run has not ended";
    return {};
}

std::map<std::int64_t, double> Events::scalar(const std::string& name) const {
    std::map<std::int64_t, double> values;
    for (const ScalarRecorded& scalar : of<ScalarRecorded>())
        if (scalar.name == name) {
            EXPECT_TRUE(values.emplace(scalar.step, scalar.value).second) << name << " twice at step " << scalar.step;
        }
    return values;
}

WatchedRun::WatchedRun(TrainRequest request) : trainer_(wavlab_model_library()->start_training(std::move(request))) {}

const Events& WatchedRun::wait_for(const std::function<bool(const RunEvent&)>& wanted) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (true) {
        for (; searched_ < events_.all.size(); ++searched_)
            if (wanted(events_.all[searched_])) {
                ++searched_;
                return events_;
            }
        if (!events_.all.empty() && std::holds_alternative<RunEnded>(events_.all.back())) {
            ADD_FAILURE() << "the run ended before what was waited for: " << events_.end().reason;
            return events_;
        }
        if (std::chrono::steady_clock::now() > deadline) {
            ADD_FAILURE() << "waited a minute in vain";
            return events_;
        }
        for (RunEvent& event : trainer_->events().wait_and_drain(std::chrono::milliseconds(200)))
            events_.all.push_back(std::move(event));
    }
}

const Events& WatchedRun::wait_for_end() {
    return wait_for([](const RunEvent& event) { return std::holds_alternative<RunEnded>(event); });
}

const Events& WatchedRun::wait_for_step(std::int64_t step) {
    return wait_for([step](const RunEvent& event) {
        const auto* scalar = std::get_if<ScalarRecorded>(&event);
        return scalar && scalar->name == "train/loss" && scalar->step == step;
    });
}

const Events& WatchedRun::wait_for_state(RunState state) {
    return wait_for([state](const RunEvent& event) {
        const auto* change = std::get_if<StateChanged>(&event);
        return change && change->state == state;
    });
}

Events train(const Experiment& experiment, const fs::path& folder) {
    TrainRequest request;
    request.experiment = experiment;
    request.run_folder = folder;
    return WatchedRun(std::move(request)).wait_for_end();
}

Events resume(const fs::path& folder, std::optional<std::int64_t> total_steps) {
    TrainRequest request;
    request.run_folder = folder;
    request.resume = true;
    request.total_steps = total_steps;
    return WatchedRun(std::move(request)).wait_for_end();
}

StoredRun stored_run(const fs::path& folder) {
    StoredRun run;
    RunStoreReader reader(RunFolder{folder}.store());
    const RunStoreReader::Update update = reader.poll();
    for (const RunEvent& event : update.events) {
        const auto* scalar = std::get_if<ScalarRecorded>(&event);
        if (!scalar || scalar->name == "train/tokens_per_second" || scalar->name == "train/memory_bytes") continue;
        EXPECT_TRUE(run.scalars.emplace(std::pair{scalar->step, scalar->name}, scalar->value).second)
            << scalar->name << " is stored twice at step " << scalar->step;
    }
    for (const auto& frame : update.frames) {
        if (frame.kind == FrameKind::routing) keep_frame(run, reader.routing_frame(frame.step));
        if (frame.kind == FrameKind::details) keep_frame(run, reader.detail_frame(frame.step));
        if (frame.kind == FrameKind::depth) keep_frame(run, reader.depth_frame(frame.step));
    }
    return run;
}

void expect_same_run(const StoredRun& expected, const StoredRun& actual) {
    ASSERT_EQ(expected.scalars.size(), actual.scalars.size());
    for (const auto& [key, value] : expected.scalars) {
        const auto found = actual.scalars.find(key);
        ASSERT_NE(found, actual.scalars.end()) << key.second << " at step " << key.first << " is missing";
        ASSERT_TRUE(same_bits(value, found->second))
            << key.second << " at step " << key.first << ": " << value << " and " << found->second;
    }
    ASSERT_EQ(expected.frames.size(), actual.frames.size());
    for (const auto& [key, values] : expected.frames) {
        const auto found = actual.frames.find(key);
        ASSERT_NE(found, actual.frames.end()) << key.first << " at step " << key.second << " is missing";
        ASSERT_EQ(values.size(), found->second.size());
        for (std::size_t i = 0; i < values.size(); ++i)
            ASSERT_TRUE(same_bits(values[i], found->second[i])) << key.first << " at step " << key.second;
    }
}

ChildTraining::ChildTraining(const fs::path& experiment, const fs::path& folder, const std::string& limits,
                             std::int64_t total_steps) {
    int pipe_ends[2];
    if (pipe(pipe_ends) != 0) std::abort();
    std::vector<std::string> variables;
    for (char** variable = environ; *variable; ++variable) variables.emplace_back(*variable);
    variables.push_back("WAVLAB_CHILD_EXPERIMENT=" + experiment.string());
    variables.push_back("WAVLAB_CHILD_FOLDER=" + folder.string());
    variables.push_back("WAVLAB_CHILD_LIMITS=" + limits);
    variables.push_back("WAVLAB_CHILD_STEPS=" + std::to_string(total_steps));
    std::vector<char*> environment;
    for (std::string& variable : variables) environment.push_back(variable.data());
    environment.push_back(nullptr);
    std::string program = fs::read_symlink("/proc/self/exe").string();
    std::string brief = "--gtest_brief=1";
    char* arguments[] = {program.data(), brief.data(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, pipe_ends[0]);
    const int error = posix_spawn(&process_, program.c_str(), &actions, nullptr, arguments, environment.data());
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_ends[1]);
    output_ = pipe_ends[0];
    if (error != 0) ADD_FAILURE() << "the child process cannot be started";
}

ChildTraining::~ChildTraining() {
    if (process_ > 0) {
        kill();
        wait();
    }
    close(output_);
}

std::string ChildTraining::next_line() {
    while (true) {
        if (const std::size_t end = buffer_.find('\n'); end != std::string::npos) {
            last_line_ = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return last_line_;
        }
        char bytes[4096];
        const ssize_t count = read(output_, bytes, sizeof bytes);
        if (count <= 0) return "";
        buffer_.append(bytes, static_cast<std::size_t>(count));
    }
}

void ChildTraining::kill() {
    if (process_ > 0) ::kill(process_, SIGKILL);
}

int ChildTraining::wait() {
    while (!next_line().empty()) {
    }
    int status = 0;
    waitpid(process_, &status, 0);
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace wavlab::testing
