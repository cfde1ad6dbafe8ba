// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <thread>

#include "model/model_library.h"

namespace wavlab {

/// A training run on a thread of its own.
class TrainerThread : public Trainer {
public:
    explicit TrainerThread(TrainRequest request);
    ~TrainerThread() override;

    RunControl& control() override { return control_; }
    EventQueue<RunEvent>& events() override { return events_; }
    RunProgress progress() const override { return progress_.get(); }

private:
    void work(TrainRequest request) noexcept;

    RunControl control_;
    EventQueue<RunEvent> events_;
    LatestValue<RunProgress> progress_;
    std::jthread thread_;  // last, so that the rest outlives it
};

}  // namespace wavlab
