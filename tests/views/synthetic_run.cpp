// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/views/synthetic_run.h"

#include <algorithm>
#include <cmath>

namespace wavlab {

namespace {

/// A number in [-1, 1) that depends on nothing but its arguments.
double noise(std::uint64_t a, std::uint64_t b) {
    std::uint64_t x = a * 0x9e3779b97f4a7c15ull + b * 0xbf58476d1ce4e5b9ull + 0x94d049bb133111ebull;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    x ^= x >> 31;
    return double(x >> 11) / double(1ull << 52) - 1.0;
}

bool routed(const std::string& method) { return method == "wav" || method.starts_with("attnres"); }

}  // namespace

RoutingLayout SyntheticRun::layout() const {
    RoutingLayout layout;
    if (!routed(method)) return layout;
    const bool details = method == "wav";
    const std::int64_t size = method == "attnres_full" ? 1 : block_size;
    const std::int64_t sublayers = 2 * layers;
    for (std::int64_t done = 0; done <= sublayers; ++done) {
        std::vector<Source> sources{{SourceKind::embedding, 0}};
        const std::int64_t complete = done == sublayers ? (sublayers + size - 1) / size : done / size;
        for (std::int64_t block = 1; block <= complete; ++block) {
            sources.push_back({SourceKind::block, block});
            const std::int64_t length = std::min(size, sublayers - (block - 1) * size);
            if (!details || length < 2) continue;
            sources.push_back({SourceKind::phase, block});
            sources.push_back({SourceKind::split, block});
        }
        const std::int64_t running = done == sublayers ? 0 : done % size;
        if (running > 0) sources.push_back({SourceKind::partial, 0});
        if (online_details && details && running > 1) sources.push_back({SourceKind::phase_partial, 0});
        if (online_details && details && running > (size + 1) / 2) sources.push_back({SourceKind::split_partial, 0});
        layout.routers.push_back(sources);
    }
    return layout;
}

RunStarted SyntheticRun::started() const {
    RunStarted event;
    RunDescription& description = event.description;
    description.experiment = "schema = 1\nname = \"" + name + "\"\nseed = " + std::to_string(seed) +
                             "\n[model]\nmethod = \"" + method + "\"\nlayers = " + std::to_string(layers) +
                             "\n[train]\nsteps = " + std::to_string(steps) + "\n";
    description.wavlab_version = "0.1.0";
    description.torch_version = "2.11.0";
    description.commit = "0123456789ab";
    description.device = "cpu";
    description.validation_floor = 0.62;
    description.unigram_entropy = 2.85;
    description.bigram_entropy = 2.2;
    description.validation_tokens = 200'000;
    description.validation_characters = 200'000;
    description.validation_bytes = 210'000;
    description.routing = layout();
    description.started_at = "2026-01-15T10:20:30Z";
    event.folder = "/synthetic/" + name;
    event.total_steps = steps;
    return event;
}

RoutingFrame SyntheticRun::routing_frame(std::int64_t step) const {
    const RoutingLayout layout = this->layout();
    const double progress = double(step) / double(std::max<std::int64_t>(steps, 1));
    RoutingFrame frame;
    frame.step = step;
    for (std::size_t router = 0; router < layout.routers.size(); ++router) {
        const std::vector<Source>& sources = layout.routers[router];
        std::vector<double> weights;
        double sum = 0;
        for (std::size_t i = 0; i < sources.size(); ++i) {
            const SourceKind kind = sources[i].kind;
            double logit = 1.2 * noise(router, i) + (kind == SourceKind::partial ? 1.5 : 0) +
                           (kind == SourceKind::embedding ? 0.8 : 0) + 2.0 * double(i) / double(sources.size());
            const bool detail = kind == SourceKind::phase || kind == SourceKind::split;
            logit = progress * 1.6 * logit - (detail ? 2.0 * (1 - 0.5 * progress) : 0);
            weights.push_back(std::exp(logit));
            sum += weights.back();
        }
        double entropy = 0;
        for (std::size_t i = 0; i < weights.size(); ++i) {
            const double weight = weights[i] / sum;
            frame.weight.push_back(float(weight));
            frame.weight_spread.push_back(float(0.3 * progress * weight * (1 - weight)));
            frame.contribution.push_back(float(weight * (1 + double(router) * 0.15) * 3));
            frame.attribution.push_back(float((weight - 0.2) * 0.05));
            entropy -= weight * std::log(weight);
        }
        frame.entropy.push_back(float(entropy));
        frame.effective_sources.push_back(float(std::exp(entropy)));
        frame.query_norm.push_back(float(progress * (1 + 0.2 * noise(router, 77))));
    }
    return frame;
}

DetailFrame SyntheticRun::detail_frame(std::int64_t step) const {
    const double progress = double(step) / double(std::max<std::int64_t>(steps, 1));
    const std::int64_t blocks = (2 * layers + block_size - 1) / block_size;
    const float missing = std::nanf("");
    DetailFrame frame;
    frame.step = step;
    for (std::int64_t block = 0; block < blocks; ++block) {
        const double summary = 0.2 + 0.9 * progress * std::sqrt(double(block + 1)) + 0.02 * noise(step, block);
        const double phase = summary * (0.55 + 0.1 * double(block) / double(blocks) + 0.03 * noise(step, block + 50));
        const double split = summary * (0.35 + 0.1 * progress);
        const bool exists = method == "wav";
        frame.summary_rms.push_back(float(summary));
        frame.phase_rms.push_back(exists ? float(phase) : missing);
        frame.split_rms.push_back(exists ? float(split) : missing);
        frame.phase_matched_rms.push_back(exists ? float(summary * 0.999) : missing);
        frame.split_matched_rms.push_back(exists ? float(summary * 0.997) : missing);
        frame.phase_scale.push_back(exists ? float(summary / phase) : missing);
        frame.split_scale.push_back(exists ? float(summary / split) : missing);
        frame.phase_cosine.push_back(exists ? float(0.4 * progress * noise(3, block)) : missing);
        frame.split_cosine.push_back(exists ? float(-0.5 * progress * double(block + 1) / double(blocks)) : missing);
    }
    if (method == "wav")
        for (std::int64_t router = 0; router <= 2 * layers; ++router) {
            frame.phase_bias.push_back(float(-2 + progress * (0.5 + 0.3 * noise(router, 1))));
            frame.split_bias.push_back(float(-2 + progress * (0.1 + 0.4 * noise(router, 2))));
        }
    return frame;
}

DepthFrame SyntheticRun::depth_frame(std::int64_t step) const {
    const double progress = double(step) / double(std::max<std::int64_t>(steps, 1));
    DepthFrame frame;
    frame.step = step;
    for (std::int64_t sublayer = 0; sublayer <= 2 * layers; ++sublayer) {
        frame.state_rms.push_back(
            float(0.3 + 0.5 * progress * std::sqrt(double(sublayer)) + 0.02 * noise(step, sublayer)));
        if (sublayer == 2 * layers) break;
        frame.update_rms.push_back(
            float((sublayer % 2 ? 0.3 : 0.18) * (0.4 + progress) + 0.01 * noise(sublayer, step)));
        frame.gradient_norm.push_back(float(0.4 * std::exp(-0.05 * double(sublayer)) * (1.1 - progress)));
    }
    return frame;
}

std::vector<RunEvent> SyntheticRun::step_events(std::int64_t step) const {
    std::vector<RunEvent> events;
    const auto curve = [&](double s) { return final_loss + 3.2 * std::exp(-s / (0.13 * double(steps))); };
    if (step > 0) {
        const bool broken = std::find(not_finite.begin(), not_finite.end(), step) != not_finite.end();
        const double loss = curve(double(step)) * (1 + 0.06 * noise(std::uint64_t(step), 11));
        events.push_back(ScalarRecorded{step, "train/loss", broken ? std::nan("") : loss});
        events.push_back(ScalarRecorded{step, "train/lr", 1e-3});
        events.push_back(ScalarRecorded{step, "train/grad_norm", 1 + 0.3 * noise(std::uint64_t(step), 12)});
    }
    if (step % record_every == 0 || step == steps) {
        if (routed(method)) events.push_back(routing_frame(step));
        if (routed(method)) events.push_back(detail_frame(step));
        events.push_back(depth_frame(step));
    }
    if (step % evaluate_every == 0 || step == steps)
        events.push_back(ScalarRecorded{step, "val/loss", curve(double(step)) + 0.05});
    return events;
}

std::shared_ptr<RunRecord> SyntheticRun::record() const {
    auto record = std::make_shared<RunRecord>("/synthetic/" + name);
    record->apply(started());
    for (std::int64_t step = 0; step <= steps; ++step)
        for (const RunEvent& event : step_events(step)) record->apply(event);
    if (finished) record->apply(RunEnded{.state = RunState::finished, .reason = "", .step = steps});
    return record;
}

}  // namespace wavlab
