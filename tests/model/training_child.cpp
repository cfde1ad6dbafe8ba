// SPDX-License-Identifier: GPL-3.0-or-later
// The other side of ChildTraining: with its variables set, this test program trains and exits, and runs no test.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/run_folder.h"
#include "tests/model/training_support.h"

namespace wavlab::testing {

namespace {

constexpr int cannot_limit = 77;

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

/// A read-only mount over the run, seen by this process alone.
bool make_read_only(const std::string& folder) {
    const char* path = folder.c_str();
    return unshare(CLONE_NEWNS) == 0 && mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           mount(path, path, nullptr, MS_BIND, nullptr) == 0 &&
           mount(nullptr, path, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) == 0;
}

void limit(const std::string& limits, const std::string& folder) {
    if (limits.starts_with("fsize=")) {
        const rlim_t bytes = std::stoul(limits.substr(6));
        const rlimit value{bytes, bytes};
        std::signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &value) != 0) std::_Exit(cannot_limit);
    }
    if (limits == "readonly" && !make_read_only(folder)) std::_Exit(cannot_limit);
}

int train_as_child() {
    const std::string folder = variable("WAVLAB_CHILD_FOLDER");
    limit(variable("WAVLAB_CHILD_LIMITS"), folder);
    TrainRequest request;
    request.run_folder = folder;
    request.resume = is_run_folder(folder);
    if (!request.resume) request.experiment = load_experiment(variable("WAVLAB_CHILD_EXPERIMENT"));
    if (const std::int64_t steps = std::stoll(variable("WAVLAB_CHILD_STEPS")); request.resume && steps > 0)
        request.total_steps = steps;
    const std::unique_ptr<Trainer> trainer = wavlab_model_library()->start_training(request);
    while (true) {
        for (const RunEvent& event : trainer->events().wait_and_drain(std::chrono::seconds(1))) {
            if (const auto* scalar = std::get_if<ScalarRecorded>(&event); scalar && scalar->name == "train/loss")
                std::printf("step %lld\n", static_cast<long long>(scalar->step));
            if (const auto* ended = std::get_if<RunEnded>(&event)) {
                std::printf("end %s\n", ended->reason.c_str());
                std::fflush(stdout);
                return static_cast<int>(ended->exit_code);
            }
        }
        std::fflush(stdout);
    }
}

class ChildEnvironment : public ::testing::Environment {
public:
    void SetUp() override {
        if (!variable("WAVLAB_CHILD_FOLDER").empty()) std::_Exit(train_as_child());
    }
};

[[maybe_unused]] const ::testing::Environment* const environment =
    ::testing::AddGlobalTestEnvironment(new ChildEnvironment);

}  // namespace

}  // namespace wavlab::testing
