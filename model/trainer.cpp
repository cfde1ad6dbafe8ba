// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/trainer.h"

#include <utility>

#include "core/error.h"
#include "model/device.h"
#include "model/failure.h"
#include "model/training_run.h"

namespace wavlab {

TrainerThread::TrainerThread(TrainRequest request)
    : thread_([this, request = std::move(request)]() mutable { work(std::move(request)); }) {}

TrainerThread::~TrainerThread() { control_.stop(StopRequest::keep); }

namespace {

/// Declared before the run, whose tensors are gone when it is destroyed.
struct ReleaseMemory {
    ~ReleaseMemory() {
        try {
            release_unused_memory();
        } catch (...) {
            // A broken GPU has been reported by the run.
        }
    }
};

}  // namespace

void TrainerThread::work(TrainRequest request) noexcept {
    const ReleaseMemory release;
    TrainingRun run(std::move(request), control_, events_, progress_);
    RunEnded over;
    try {
        over = run.run();
    } catch (...) {
        const Failure failure = describe_failure();
        over.state = RunState::failed;
        over.exit_code = failure.code;
        over.reason = failure.sentence;
        over.step = run.steps_done();
    }
    run.end(std::move(over));
}

}  // namespace wavlab
