// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/run_history.h"

#include <string>
#include <utility>
#include <variant>

#include "core/run_store.h"

namespace wavlab {

namespace {

class HistorySink : public RunStoreSink {
public:
    void rewound(std::int64_t) override {}
    void scalar(std::int64_t step, const std::string& name, double value) override {
        if (name == "val/loss") history.validation_losses[step] = value;
    }
    void frame(FrameKind, std::int64_t) override {}
    void event(RunEvent event) override {
        if (const auto* sample = std::get_if<SampleDrawn>(&event)) history.sampled_steps.insert(sample->step);
        const auto* started = std::get_if<RunStarted>(&event);
        if (started && started->description.origin) history.origin = started->description.origin;
    }

    RunHistory history;
};

}  // namespace

RunHistory read_history(const RunFolder& run) {
    HistorySink sink;
    RunStoreReader(run.store()).poll(sink);
    return std::move(sink.history);
}

}  // namespace wavlab
