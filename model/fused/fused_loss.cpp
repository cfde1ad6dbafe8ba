// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/fused/fused_loss.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/error.h"
#include "model/fused/fused_pass.h"
#include "model/fused/fused_plan.h"
#include "model/routing/method.h"

namespace wavlab {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Tokens that go through all layers together: few enough to stay in a core's cache between two layers.
constexpr std::int64_t tile_tokens = 256;
/// Every thread gathers gradients of its own; with larger models fewer work.
constexpr std::int64_t most_gradient_bytes = std::int64_t{1} << 30;

/// The pass reads tables at these places without looking.
void require_tokens(const at::Tensor& tokens, std::int64_t vocabulary) {
    const std::int64_t* numbers = tokens.const_data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < tokens.numel(); ++i)
        if (numbers[i] < 0 || numbers[i] >= vocabulary)
            throw WorkError("the token " + std::to_string(numbers[i]) + " is outside of the model's vocabulary of " +
                            std::to_string(vocabulary));
}

std::int64_t bytes_of(const std::vector<Parameter>& parameters) {
    std::int64_t bytes = 0;
    for (const Parameter& parameter : parameters) bytes += parameter.value.numel() * 4;
    return bytes;
}

/// Gradients by value: they take no part in the graph.
struct Computed {
    std::vector<at::Tensor> gradients, attributions;
};

/// Hands out gradients that are there already.
struct ReadyGradients : torch::autograd::Function<ReadyGradients> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& loss, const Computed& computed,
                              at::TensorList /*parameters*/) {
        for (std::size_t i = 0; i < computed.gradients.size(); ++i)
            if (computed.gradients[i].defined()) context->saved_data[std::to_string(i)] = computed.gradients[i];
        context->saved_data["count"] = static_cast<std::int64_t>(computed.gradients.size());
        context->saved_data["attributions"] = computed.attributions;
        return loss.clone();
    }

    static variable_list backward(AutogradContext* context, const variable_list& outputs) {
        if (context->saved_data.count("count") == 0) throw WorkError("the fused pass gives its gradients once");
        const double factor = outputs[0].item<double>();
        const std::int64_t count = context->saved_data["count"].toInt();
        variable_list result(2);
        for (std::int64_t i = 0; i < count; ++i) {
            const auto found = context->saved_data.find(std::to_string(i));
            at::Tensor gradient = found == context->saved_data.end() ? at::Tensor() : found->second.toTensor();
            if (gradient.defined() && factor != 1.0) gradient.mul_(factor);
            result.push_back(std::move(gradient));
        }
        // An observer holds these: it learns of the factor, too.
        if (factor != 1.0)
            for (at::Tensor attribution : context->saved_data["attributions"].toTensorVector())
                attribution.mul_(factor);
        context->saved_data.clear();
        return result;
    }
};

}  // namespace

const VectorKernels& chosen_kernels() {
    const std::string capability = at::get_cpu_capability();
    for (const VectorKernels* kernels : vector_kernels()) {
        const std::string name = kernels->name;
        if (name == "avx512" && capability != "AVX512") continue;
        if (name == "avx2" && capability != "AVX512" && capability != "AVX2") continue;
        return *kernels;
    }
    return *vector_kernels().back();
}

FusedLoss::FusedLoss(const FusedModel& model)
    : shape_{.layers = model.experiment.model.layers,
             .width = model.experiment.model.width,
             .heads = model.experiment.model.heads,
             .hidden = model.experiment.model.mlp_hidden,
             .vocabulary = model.vocabulary,
             .eps = model.options.eps},
      gradient_bytes_(bytes_of(model.parameters)),
      obstacle_(find_obstacle(model)),
      scaled_(model.method.fused_form().scales) {}

std::string FusedLoss::find_obstacle(const FusedModel& model) const {
    const DecoderOptions& options = model.options;
    if (!options.fused) return "the fused one was not asked for";
    if (!options.device.is_cpu()) return "the fused one is for the CPU";
    if (options.parameter_type != at::kFloat || options.compute_type != at::kFloat)
        return "the fused one computes in fp32";
    const std::string multiple = "a multiple of " + std::to_string(channel_multiple);
    if (shape_.width % channel_multiple != 0) return "the width is not " + multiple;
    if (shape_.hidden % channel_multiple != 0) return "mlp_hidden is not " + multiple;
    if (model.experiment.model.dropout > 0) return "there is dropout";
    // A matrix product on all threads is then the better use of them.
    if (2 * worker_count(model.experiment.train.batch) < at::get_num_threads())
        return "too many threads would idle (one works on one sequence, with gradients of its own)";
    return model.method.fused_form().obstacle;
}

bool FusedLoss::covers(const ForwardContext& context) const {
    const bool seen = !context.observer || (context.observer->attribution() != Attribution::per_token && !scaled_);
    return obstacle_.empty() && seen && (at::GradMode::is_enabled() || !context.observer) && !context.removal &&
           !context.record_scales && !context.replay_scales;
}

std::int64_t FusedLoss::worker_count(std::int64_t sequences) const {
    const std::int64_t affordable = std::max<std::int64_t>(1, most_gradient_bytes / gradient_bytes_);
    return std::min({static_cast<std::int64_t>(at::get_num_threads()), sequences, affordable});
}

std::unique_ptr<TileBuffers> FusedLoss::take_buffers(const FusedPlan* plan, std::int64_t sequences,
                                                     std::int64_t length) const {
    {
        const std::lock_guard lock(mutex_);
        const auto found = std::find_if(spare_.begin(), spare_.end(), [&](const std::unique_ptr<TileBuffers>& buffers) {
            return buffers->fits(plan, sequences, length);
        });
        if (found != spare_.end()) {
            std::unique_ptr<TileBuffers> taken = std::move(*found);
            spare_.erase(found);
            return taken;
        }
    }
    return std::make_unique<TileBuffers>(shape_, plan, sequences, length);
}

void FusedLoss::give_back(std::unique_ptr<TileBuffers> buffers) const {
    const std::lock_guard lock(mutex_);
    spare_.push_back(std::move(buffers));
    // Those of another shape, as of a last batch, come and go.
    if (spare_.size() > static_cast<std::size_t>(at::get_num_threads()) + 1) spare_.erase(spare_.begin());
}

FusedLoss::Result FusedLoss::compute(const FusedModel& model, const at::Tensor& given_tokens,
                                     const at::Tensor& given_targets, const Wish& wish) const {
    const at::NoGradGuard no_gradient;
    const at::Tensor tokens = given_tokens.contiguous(), targets = given_targets.contiguous();
    const std::int64_t sequences = tokens.size(0), length = tokens.size(1);
    if (!obstacle_.empty()) throw WorkError("there is no fused pass: " + obstacle_);
    if (targets.sizes() != tokens.sizes()) throw WorkError("there must be one target for every token");
    for (const at::Tensor* numbers : {&tokens, &targets}) require_tokens(*numbers, shape_.vocabulary);
    const FusedForm form = model.method.fused_form();
    const std::optional<FusedPlan> plan = form.routing ? std::optional(make_fused_plan(*form.routing)) : std::nullopt;
    const FusedPlan* course = plan ? &*plan : nullptr;
    const FusedParameters parameters(shape_, model.parameters, form);
    const FusedTensors prepared = parameters.prepare(course);
    const FusedPass pass(shape_, course, prepared, model.rope_cosine, model.rope_sine, wish.kernels);
    const std::int64_t threads = worker_count(sequences);
    const std::int64_t tile = std::max<std::int64_t>(1, tile_tokens / length);
    const float weight = 1.0F / static_cast<float>(sequences * length);
    std::optional<FusedRecord> record;
    if (wish.observer) record.emplace(shape_, course, sequences, length, threads);
    std::vector<FusedTensors> gathered(static_cast<std::size_t>(threads));
    std::vector<double> sums(static_cast<std::size_t>(threads), 0.0);
    at::parallel_for(0, threads, 1, [&](std::int64_t first_thread, std::int64_t last_thread) {
        const at::NoGradGuard no_gradient_here;
        const at::AutoDispatchBelowADInplaceOrView below;
        for (std::int64_t thread = first_thread; thread < last_thread; ++thread) {
            FusedTensors& gradients = gathered[static_cast<std::size_t>(thread)];
            if (wish.gradients) gradients = zero_gradients(shape_, course != nullptr);
            const std::int64_t end = (thread + 1) * sequences / threads;
            for (std::int64_t begin = thread * sequences / threads; begin < end; begin += tile) {
                std::unique_ptr<TileBuffers> buffers = take_buffers(course, std::min(tile, end - begin), length);
                const std::int64_t* own_tokens = tokens.const_data_ptr<std::int64_t>() + begin * length;
                const std::int64_t* own_targets = targets.const_data_ptr<std::int64_t>() + begin * length;
                sums[static_cast<std::size_t>(thread)] +=
                    wish.gradients ? pass.run(own_tokens, own_targets, weight, *buffers, gradients,
                                              {record ? &*record : nullptr, begin * length, thread})
                                   : pass.evaluate(own_tokens, own_targets, *buffers);
                give_back(std::move(buffers));
            }
        }
    });
    Result result;
    for (const double sum : sums) result.loss += sum * weight;
    if (wish.gradients) result.gradients = parameters.gradients(gathered);
    if (record)
        result.attributions =
            record->show(*wish.observer, form.routing ? &*form.routing : nullptr, model.method.routing_layout());
    return result;
}

at::Tensor FusedLoss::loss(const FusedModel& model, const at::Tensor& tokens, const at::Tensor& targets,
                           ForwardObserver* observer) const {
    const bool gradients = at::GradMode::is_enabled();
    Result result = compute(model, tokens, targets, {chosen_kernels(), gradients, observer});
    if (!gradients) return at::scalar_tensor(result.loss, at::kFloat);
    variable_list parameters;
    for (const Parameter& parameter : model.parameters) parameters.push_back(parameter.value);
    const at::Tensor value = at::scalar_tensor(result.loss, at::kFloat);
    return ReadyGradients::apply(value, Computed{std::move(result.gradients), std::move(result.attributions)},
                                 at::TensorList(parameters));
}

}  // namespace wavlab
