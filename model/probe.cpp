// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/probe.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "core/checkpoint_evaluations.h"
#include "core/error.h"
#include "core/method.h"
#include "datasets/token_data.h"
#include "model/checkpoint.h"
#include "model/device.h"
#include "model/evaluation_text.h"
#include "model/memory_check.h"
#include "model/probe_plan.h"
#include "model/token_windows.h"

namespace wavlab {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Keeps what a forward and backward pass shows of every router, by token: α, ‖v‖₂, and −α v·G with G = dL/dh_l.
class TokenShares : public ForwardObserver {
public:
    explicit TokenShares(std::size_t routers) : routers_(routers) {}

    void on_routing(std::int64_t router, const std::vector<Source>&, const std::vector<at::Tensor>& values,
                    const at::Tensor& weights) override {
        const at::NoGradGuard no_gradient;
        std::vector<at::Tensor> norms;
        for (const at::Tensor& value : values)
            norms.push_back(at::linalg_vector_norm(value, 2, {-1}, false, weights.scalar_type()).flatten());
        Router& kept = routers_.at(static_cast<std::size_t>(router - 1));
        kept.weights = weights.reshape({-1, weights.size(-1)}).t().to(at::kDouble);
        kept.norms = at::stack(norms);
    }
    Attribution attribution() const override { return Attribution::per_token; }
    void on_attribution(std::int64_t router, const at::Tensor& attribution) override {
        routers_.at(static_cast<std::size_t>(router - 1)).attribution = attribution;
    }

    struct Router {
        at::Tensor weights;      ///< α [S, N] for N tokens, fp64
        at::Tensor norms;        ///< [S, N]
        at::Tensor attribution;  ///< [S, N], once the backward pass has been
    };
    const std::vector<Router>& routers() const { return routers_; }

private:
    std::vector<Router> routers_;
};

/// Σ (h' − h)·G over the tokens of a router, for each of some removals: what L would gain, to first order.
/// With c_i = α_i v_i·G and kept and removed sums over the sources, zeroing gives −c_removed, and renormalising
/// (h' = Σ kept α v / Σ kept α) gives c_kept · α_removed/α_kept − c_removed. Returns [removals].
at::Tensor estimate(const TokenShares::Router& router, const std::vector<const SourceRemoval*>& removals,
                    std::size_t index) {
    const auto sources = router.weights.size(0), rows = static_cast<std::int64_t>(removals.size());
    at::Tensor removed = at::zeros({rows, sources}, at::kDouble), renormalises = at::zeros({rows, 1}, at::kBool);
    double* mark = removed.mutable_data_ptr<double>();
    for (std::int64_t row = 0; row < rows; ++row, mark += sources) {
        const SourceRemoval& removal = *removals[static_cast<std::size_t>(row)];
        renormalises.mutable_data_ptr<bool>()[row] = removal.mode == Removal::renormalise;
        for (const std::size_t source : removal.removed[index]) mark[source] = 1;
    }
    removed = removed.to(router.weights.device());
    const at::Tensor shares = -router.attribution.to(at::kDouble);  // c [S, N]
    const at::Tensor kept = 1 - removed, gone = removed.matmul(shares);
    const at::Tensor rest = kept.matmul(shares) * removed.matmul(router.weights) / kept.matmul(router.weights);
    return at::where(renormalises.to(rest.device()), rest - gone, -gone).sum(1);
}

/// How many threads an operation of this thread may use, until it goes.
class ThreadCount {
public:
    explicit ThreadCount(int count) { at::set_num_threads(count); }
    ~ThreadCount() { at::set_num_threads(before_); }
    ThreadCount(const ThreadCount&) = delete;
    ThreadCount& operator=(const ThreadCount&) = delete;
    int before() const { return before_; }

private:
    const int before_ = at::get_num_threads();
};

/// Goes through the windows of one text, batch after batch, and sums up.
class Prober {
public:
    Prober(const Decoder& decoder, const std::vector<PlannedRemoval>& plan, const ProbeRequest& request)
        : decoder_(decoder), plan_(plan), request_(request), losses_(plan.size() + 1), estimates_(plan.size()) {
        const std::size_t cells = decoder.routing_layout().cell_count();
        weights_.resize(cells);
        contributions_.resize(cells);
        by_depth_.resize(plan.size());
        std::iota(by_depth_.begin(), by_depth_.end(), std::size_t{0});
        std::stable_sort(by_depth_.begin(), by_depth_.end(), [&](std::size_t one, std::size_t other) {
            return plan[one].first_router < plan[other].first_router;
        });
    }

    /// False when it was stopped.
    bool run(const TokenWindows& text, const std::vector<std::int64_t>& starts) {
        const auto size = static_cast<std::size_t>(std::max<std::int64_t>(1, decoder_.experiment().train.batch));
        const auto passes = static_cast<std::int64_t>(plan_.size() + 2);
        total_ = static_cast<std::int64_t>((starts.size() + size - 1) / size) * passes;
        if (!goes_on()) return false;
        for (std::size_t first = 0; first < starts.size(); first += size) {
            const auto part = std::span(starts).subspan(first, std::min(size, starts.size() - first));
            const TokenBatch batch = text.batch(part);
            if (!estimate_batch(batch) || !measure_batch(batch)) return false;
            tokens_ += batch.tokens.numel();
        }
        return true;
    }

    void write(ProbeResult& result) const {
        const auto tokens = static_cast<double>(tokens_);
        result.tokens = tokens_;
        result.loss = losses_.back() / tokens;
        for (const double sum : weights_) result.alpha.push_back(sum / tokens);
        for (const double sum : contributions_) result.contribution.push_back(sum / tokens);
        if (request_.cells) {
            result.zero.assign(weights_.size(), {nan, nan});
            result.renormalise.assign(weights_.size(), {nan, nan});
        }
        for (std::size_t i = 0; i < plan_.size(); ++i) {
            const PlannedRemoval& planned = plan_[i];
            const Removal mode = planned.removal.mode;
            const ProbeEffect effect{(losses_[i] - losses_.back()) / tokens, estimates_[i] / tokens};
            if (planned.cell)
                (mode == Removal::zero ? result.zero : result.renormalise)[*planned.cell] = effect;
            else
                result.families.push_back(family(planned, effect));
        }
    }

private:
    const Decoder& decoder_;
    const std::vector<PlannedRemoval>& plan_;
    const ProbeRequest& request_;
    const std::thread::id caller_ = std::this_thread::get_id();
    std::vector<std::size_t> by_depth_;  // places in plan_
    std::int64_t total_ = 0, tokens_ = 0;
    std::atomic<std::int64_t> done_ = 0;
    // Sums over tokens: of the losses with each removal and, at the end, without any; of the estimates; of cells.
    std::vector<double> losses_, estimates_, weights_, contributions_;

    /// Progress is told on the thread that asked for the probe.
    bool goes_on() const {
        if (request_.stop.stop_requested()) return false;
        if (request_.on_progress && std::this_thread::get_id() == caller_) request_.on_progress(done_, total_);
        return !request_.stop.stop_requested();
    }

    bool pass_done() {
        ++done_;
        return goes_on();
    }

    /// Σ over tokens of the cross-entropy, fp64: differences of losses are small beside the losses.
    static at::Tensor summed_loss(const at::Tensor& logits, const TokenBatch& batch) {
        return at::cross_entropy_loss(logits.flatten(0, 1), batch.targets.flatten(), {}, at::Reduction::None)
            .sum(at::kDouble);
    }

    static void add(std::vector<double>& sums, std::size_t first, const at::Tensor& values) {
        const at::Tensor host = values.to(at::kDouble).cpu().contiguous();
        for (std::int64_t i = 0; i < host.numel(); ++i)
            sums[first + static_cast<std::size_t>(i)] += host.const_data_ptr<double>()[i];
    }

    /// One pass forward and back: α, ‖α v‖₂ and the first-order estimates.
    bool estimate_batch(const TokenBatch& batch) {
        TokenShares shares(decoder_.routing_layout().routers.size());
        {
            const at::AutoGradMode gradients(true);
            ForwardContext context;
            context.observer = &shares;
            summed_loss(decoder_.forward(batch.tokens, context), batch).backward();
        }
        const at::NoGradGuard no_gradient;
        std::size_t cell = 0;
        for (std::size_t index = 0; index < shares.routers().size(); ++index) {
            const TokenShares::Router& router = shares.routers()[index];
            add(weights_, cell, router.weights.sum(1));
            add(contributions_, cell, (router.weights * router.norms).sum(1));
            cell += static_cast<std::size_t>(router.weights.size(0));
            std::vector<std::size_t> concerned;
            std::vector<const SourceRemoval*> removals;
            for (std::size_t i = 0; i < plan_.size(); ++i)
                if (!plan_[i].removal.removed[index].empty()) {
                    concerned.push_back(i);
                    removals.push_back(&plan_[i].removal);
                }
            if (removals.empty()) continue;
            const at::Tensor values = estimate(router, removals, index).cpu();
            for (std::size_t i = 0; i < concerned.size(); ++i)
                estimates_[concerned[i]] += values.const_data_ptr<double>()[i];
        }
        return pass_done();
    }

    /// The exact losses. Everything before the router where something is removed is as without it: each removal goes on
    /// from there. On the CPU one thread does one pass, and several pass at a time: an operation has too little to do
    /// for several threads. So the losses do not depend on the number of threads.
    bool measure_batch(const TokenBatch& batch) {
        std::vector<at::Tensor> losses(losses_.size());
        std::atomic<std::size_t> next{0};
        if (!batch.tokens.is_cpu()) {
            if (!measure(batch, next, losses)) return false;
        } else {
            const ThreadCount alone(1);
            const auto work = [&] {
                try {
                    at::set_num_threads(1);  // a thread's own
                    return measure(batch, next, losses);
                } catch (...) {
                    next = losses.size();  // nothing is left to do, for the others too
                    throw;
                }
            };
            const int workers = std::min(alone.before(), passes_that_fit(batch));
            std::vector<std::future<bool>> others;
            bool done = false;
            try {
                for (int i = 1; i < workers; ++i) others.push_back(std::async(std::launch::async, work));
                done = work();
            } catch (...) {
                next = losses.size();
                throw;
            }
            for (std::future<bool>& other : others) done = other.get() && done;
            if (!done || !goes_on()) return false;
        }
        add(losses_, 0, at::stack(losses));
        return true;
    }

    /// How many passes at a time leave half of the free memory alone.
    int passes_that_fit(const TokenBatch& batch) const {
        const ModelSettings& model = decoder_.experiment().model;
        // Logits with their softmax, the MLP's hidden values, and the stream with what attention reads.
        const auto numbers = static_cast<double>(3 * decoder_.vocabulary() + 3 * model.mlp_hidden + 12 * model.width);
        const double bytes = 4 * static_cast<double>(batch.tokens.numel()) * numbers;
        const std::optional<double> available = available_memory_bytes();
        return available ? static_cast<int>(std::clamp(*available / 2 / bytes, 1.0, 1000.0)) : 1;
    }

    /// Takes one removal after another, by depth; after the last of them, none. False when it was stopped.
    bool measure(const TokenBatch& batch, std::atomic<std::size_t>& next, std::vector<at::Tensor>& losses) {
        const at::NoGradGuard no_gradient;  // a thread's own
        ForwardContext context;
        ForwardPass pass = decoder_.begin(batch.tokens, context);
        for (std::size_t taken = next++; taken <= plan_.size(); taken = next++) {
            const std::size_t index = taken < plan_.size() ? by_depth_[taken] : taken;
            if (taken < plan_.size()) {
                while (pass.sublayer() < plan_[index].first_router) decoder_.advance(pass);
                context.removal = &plan_[index].removal;
            }
            losses[index] = summed_loss(decoder_.finish(pass.branch()), batch);
            context.removal = nullptr;
            if (!pass_done()) return false;
        }
        return true;
    }

    ProbedFamily family(const PlannedRemoval& planned, const ProbeEffect& effect) const {
        ProbedFamily row;
        row.family = planned.family;
        row.routers = planned.routers();
        row.removal = planned.removal.mode;
        row.effect = effect;
        for (const std::int64_t number : row.routers) {
            const auto router = static_cast<std::size_t>(number - 1);
            const std::size_t first = decoder_.routing_layout().first_cell(router);
            for (const std::size_t source : planned.removal.removed[router]) {
                row.alpha += weights_[first + source];
                row.contribution += contributions_[first + source];
            }
        }
        const double all = static_cast<double>(row.routers.size()) * static_cast<double>(tokens_);
        row.alpha /= all;
        row.contribution /= all;
        return row;
    }
};

/// Only the gradients of the states are wanted, and those flow from the embedding on: parameters' own would take as
/// long again.
void leave_out_parameter_gradients(const Decoder& decoder) {
    for (const Parameter& parameter : decoder.parameters())
        parameter.value.requires_grad_(parameter.name == "embed.weight");
}

}  // namespace

ProbeResult probe_checkpoint(const ProbeRequest& request) {
    const ChosenDevice chosen = choose_device(request.device, 0);
    const LoadedModel model = load_model(request.checkpoint, chosen.device, request.base_folder);
    const Experiment& experiment = model.experiment();
    configure_computation(experiment.train, chosen.device);
    require_routing(*model.decoder);
    ProbeResult result;
    result.layout = model.decoder->routing_layout();
    const std::vector<PlannedRemoval> plan = plan_removals(result.layout, request.cells, request.bands);
    // One pass has gradients, for a batch as large as in training; no optimizer and no parameters' gradients.
    const CostEstimate cost = estimate_cost(experiment, model.decoder->vocabulary());
    require_memory(cost.memory_bytes - 12 * static_cast<double>(cost.parameters), free_memory_bytes(chosen.device),
                   memory_place(chosen.device));
    const EvaluationText text = evaluation_text(model, request.text);
    const std::int64_t count = request.windows.value_or(experiment.train.eval_windows);
    const std::vector<std::int64_t> starts = evaluation_starts(text.tokens.size(), experiment.model.context, count);
    const TokenWindows windows(text.tokens, experiment.model.context, chosen.device);
    leave_out_parameter_gradients(*model.decoder);
    result.step = model.step;
    result.model = model_identity(request.checkpoint);
    result.source = text.source;
    result.device = chosen.choice.name;
    result.windows = count;
    Prober prober(*model.decoder, plan, request);
    result.cancelled = !prober.run(windows, starts);
    if (!result.cancelled) prober.write(result);
    return result;
}

}  // namespace wavlab
