// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "core/experiment.h"
#include "core/run_event.h"

namespace wavlab {

/// Compares runs of any kind in tests: NaN equals NaN.
inline bool same_values(const std::vector<float>& a, const std::vector<float>& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i] != b[i] && !(std::isnan(a[i]) && std::isnan(b[i]))) return false;
    return true;
}

template <class Frame>
bool same_frame(const Frame& a, const Frame& b) {
    bool same = a.step == b.step;
    for (const auto& [name, member] : Frame::fields()) same = same && same_values(a.*member, b.*member);
    return same;
}

inline RunStarted some_start(std::int64_t first_step = 0) {
    RunStarted started;
    RunDescription& d = started.description;
    const Experiment experiment;
    d.experiment = to_toml(experiment);
    d.wavlab_version = "0.1.0";
    d.torch_version = "2.11.0";
    d.commit = "abc";
    d.device = "cpu";
    d.device_reason = "no GPU was found";
    d.cpu_capability = "AVX2";
    d.threads = 2;
    d.data_sha256 = "00ff";
    d.data_source = "toy-stories";
    d.vocabulary = 60;
    d.train_tokens = 1'800'000;
    d.validation_tokens = 200'000;
    d.validation_floor = 0.4321;
    d.unigram_entropy = 2.87;
    d.parameters = 123'456;
    d.added_parameters = 789;
    d.flops_per_token = 1.5e6;
    d.implementation = "plain";
    d.routing = {{{{SourceKind::embedding, 0}},
                  {{SourceKind::embedding, 0}, {SourceKind::partial, 0}},
                  {{SourceKind::embedding, 0}, {SourceKind::block, 1}, {SourceKind::split, 1}}}};
    d.started_at = first_step == 0 ? "2026-01-02T03:04:05Z" : "2026-01-03T03:04:05Z";
    d.notes = {"method.init is ignored", "quotes \" and \u00e9"};
    d.origin = RunOrigin{"wav-12-2", 100, std::string(64, 'a')};
    started.folder = "/runs/wav-12";
    started.first_step = first_step;
    started.total_steps = 300;
    return started;
}

inline RoutingFrame some_routing(std::int64_t step) {
    RoutingFrame frame;
    frame.step = step;
    for (int cell = 0; cell < 6; ++cell) frame.weight.push_back(float(cell) / float(step + 1));
    frame.weight_spread.assign(6, 0.25f);
    frame.contribution.assign(6, std::numeric_limits<float>::infinity());
    frame.entropy.assign(3, 1.0f);
    frame.effective_sources.assign(3, 2.5f);
    frame.query_norm.assign(3, 0.0f);
    return frame;
}

inline DetailFrame some_details(std::int64_t step) {
    DetailFrame frame;
    frame.step = step;
    frame.summary_rms = {1.0f, float(step)};
    frame.split_rms = {0.5f, std::numeric_limits<float>::quiet_NaN()};
    return frame;
}

inline DepthFrame some_depth(std::int64_t step) {
    DepthFrame frame;
    frame.step = step;
    frame.state_rms = {1, 2, 3};
    frame.update_rms = {0.5f, float(step)};
    return frame;
}

/// What a trainer reports of these steps, in its order: update, record, evaluation, checkpoint.
inline std::vector<RunEvent> some_steps(std::int64_t first, std::int64_t last) {
    std::vector<RunEvent> events;
    for (std::int64_t step = first; step <= last; ++step) {
        const double loss = step == 7 ? std::numeric_limits<double>::quiet_NaN() : 3.0 / double(step + 1);
        events.push_back(ScalarRecorded{step, "train/loss", loss});
        events.push_back(ScalarRecorded{step, "train/grad_norm", std::numeric_limits<double>::infinity()});
        if (step % 2 == 0) {
            events.push_back(some_routing(step));
            events.push_back(some_details(step));
            events.push_back(some_depth(step));
        }
        if (step % 5 == 0) {
            events.push_back(ScalarRecorded{step, "val/loss", 2.0 / double(step + 1)});
            events.push_back(SampleDrawn{step, "Once", "Once upon \xff a time"});
            events.push_back(CheckpointSaved{step, "checkpoints/step"});
        }
        if (step % 8 == 0) events.push_back(Message{"message at " + std::to_string(step)});
    }
    return events;
}

}  // namespace wavlab
