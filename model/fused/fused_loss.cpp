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
#include "model/kernels/cuda/cuda_kernels.h"
#include "model/kernels/vector/vector_kernels.h"
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
        // On a GPU nothing waits for the factor: all are multiplied by it, wherever it is.
        const bool scaled = !outputs[0].is_cpu() || outputs[0].item<double>() != 1.0;
        const std::int64_t count = context->saved_data["count"].toInt();
        variable_list result(2), all;
        for (std::int64_t i = 0; i < count; ++i) {
            const auto found = context->saved_data.find(std::to_string(i));
            result.push_back(found == context->saved_data.end() ? at::Tensor() : found->second.toTensor());
            if (result.back().defined()) all.push_back(result.back());
        }
        // An observer holds these: it learns of the factor, too.
        for (const at::Tensor& attribution : context->saved_data["attributions"].toTensorVector())
            all.push_back(attribution);
        if (scaled) at::_foreach_mul_(all, outputs[0]);
        context->saved_data.clear();
        return result;
    }
};

}  // namespace

const VectorKernels& chosen_vector_kernels() {
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
             .eps = model.options.eps,
             .device = model.options.device,
             .type = model.options.compute_type},
      attention_sizes_{model.experiment.train.batch, shape_.heads, model.experiment.model.context,
                       shape_.width / shape_.heads},
      deterministic_(model.experiment.train.deterministic),
      gradient_bytes_(bytes_of(model.parameters)),
      model_obstacle_(find_model_obstacle(model)),
      obstacle_(find_obstacle(model)),
      scaled_(model.method.fused_form().scales) {}

std::string FusedLoss::find_model_obstacle(const FusedModel& model) const {
    const std::string multiple = "a multiple of " + std::to_string(channel_multiple);
    if (shape_.width % channel_multiple != 0) return "the width is not " + multiple;
    if (shape_.hidden % channel_multiple != 0) return "mlp_hidden is not " + multiple;
    if (model.experiment.model.dropout > 0) return "there is dropout";
    return model.method.fused_form().obstacle;
}

template <class Real>
std::string obstacle_of(const FusedKernels<Real>* kernels, const FusedShape& shape, std::int64_t sources) {
    if (!kernels) return "this program was built without CUDA kernels";
    const char* obstacle = kernels->obstacle(shape.width, sources);
    return obstacle ? obstacle : "";
}

std::string FusedLoss::find_obstacle(const FusedModel& model) const {
    if (!model.options.fused) return "the fused one was not asked for";
    const bool narrow = shape_.type == at::kBFloat16 && !shape_.device.is_cpu();
    if (model.options.parameter_type != at::kFloat || (shape_.type != at::kFloat && !narrow))
        return shape_.device.is_cpu() ? "the fused one computes in fp32" : "the fused one computes in fp32 or bf16";
    if (!model_obstacle_.empty()) return model_obstacle_;
    if (shape_.device.is_cpu()) {
        // A matrix product on all threads is then the better use of them.
        if (2 * worker_count(attention_sizes_[0]) < at::get_num_threads())
            return "too many threads would idle (one works on one sequence, with gradients of its own)";
        return "";
    }
    const FusedForm form = model.method.fused_form();
    const std::int64_t sources = form.routing ? make_fused_plan(*form.routing).sources : 1;
    return narrow ? obstacle_of(cuda_kernels<Bf16>(), shape_, sources)
                  : obstacle_of(cuda_kernels<float>(), shape_, sources);
}

void FusedLoss::refuse(const std::string& obstacle) {
    obstacle_ = obstacle;
    spare_.clear();
}

std::string FusedLoss::description() const {
    if (shape_.device.is_cpu()) return std::string(chosen_vector_kernels().name) + " kernels";
    return "CUDA kernels, attention by " + attention().reason;
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

const ChosenAttention& FusedLoss::attention() const {
    const std::lock_guard lock(mutex_);
    if (!attention_.backend)
        attention_ = choose_attention(shape_.device, shape_.type, attention_sizes_, deterministic_);
    return attention_;
}

std::shared_ptr<const FusedCourse> FusedLoss::course_of(const FusedForm& form) const {
    if (!form.routing) return nullptr;
    FusedPlan plan = make_fused_plan(*form.routing);
    const std::lock_guard lock(mutex_);
    if (!course_ || course_->plan != plan) course_ = std::make_shared<FusedCourse>(std::move(plan), shape_.device);
    return course_;
}

std::unique_ptr<TileBuffers> FusedLoss::take_buffers(const FusedPlan* plan, const TileSize& size) const {
    {
        const std::lock_guard lock(mutex_);
        const auto found = std::find_if(spare_.begin(), spare_.end(), [&](const std::unique_ptr<TileBuffers>& buffers) {
            return buffers->fits(plan, size);
        });
        if (found != spare_.end()) {
            std::unique_ptr<TileBuffers> taken = std::move(*found);
            spare_.erase(found);
            return taken;
        }
    }
    return std::make_unique<TileBuffers>(shape_, plan, size);
}

void FusedLoss::give_back(std::unique_ptr<TileBuffers> buffers) const {
    const std::lock_guard lock(mutex_);
    spare_.push_back(std::move(buffers));
    // Those of another shape, as of a last batch, come and go. On a GPU only a step's are kept, as they are large, and
    // always, as a captured step knows them by their address.
    const auto most = static_cast<std::size_t>(at::get_num_threads()) + 1;
    const bool of_a_step = spare_.back()->size.sequences == attention_sizes_[0];
    if (!shape_.device.is_cpu() && !of_a_step)
        spare_.pop_back();
    else if (shape_.device.is_cpu() && spare_.size() > most)
        spare_.erase(spare_.begin());
}

template <class Real>
FusedLoss::Result FusedLoss::compute(const FusedModel& model, const at::Tensor& tokens, const at::Tensor& targets,
                                     const FusedKernels<Real>& kernels, const Wish& wish) const {
    const at::NoGradGuard no_gradient;
    const std::int64_t sequences = tokens.size(0), length = tokens.size(1);
    if (!model_obstacle_.empty()) throw WorkError("there is no fused pass: " + model_obstacle_);
    if (targets.sizes() != tokens.sizes()) throw WorkError("there must be one target for every token");
    const at::Tensor all_tokens = tokens.reshape({-1}), all_targets = targets.reshape({-1});
    if (shape_.device.is_cpu())
        for (const at::Tensor* numbers : {&all_tokens, &all_targets}) require_tokens(*numbers, shape_.vocabulary);
    const FusedForm form = model.method.fused_form();
    const std::shared_ptr<const FusedCourse> course = course_of(form);
    const FusedPlan* plan = course ? &course->plan : nullptr;
    const FusedParameters parameters(shape_, model.parameters, form);
    const FusedTensors prepared = parameters.prepare(course.get());
    const FusedTools<Real> tools{kernels, *attention().backend, model.rope_cosine.const_data_ptr<float>(),
                                 model.rope_sine.const_data_ptr<float>()};
    const FusedPass<Real> pass(shape_, course.get(), prepared, tools);
    const std::int64_t threads = kernels.whole_batch ? 1 : worker_count(sequences);
    const std::int64_t most_sequences =
        kernels.whole_batch ? sequences : std::max<std::int64_t>(1, tile_tokens / length);
    const double weight = 1.0 / static_cast<double>(sequences * length);
    const std::int64_t parts = kernels.parts(sequences * length);
    std::optional<FusedRecord> record;
    if (wish.observer) record.emplace(shape_, plan, sequences, length, threads * parts);
    std::vector<FusedTensors> gathered(static_cast<std::size_t>(threads));
    std::vector<at::Tensor> sums(static_cast<std::size_t>(threads));

    const auto work = [&](std::int64_t thread) {
        FusedTensors& gradients = gathered[static_cast<std::size_t>(thread)];
        at::Tensor& sum = sums[static_cast<std::size_t>(thread)];
        if (wish.gradients) gradients = zero_gradients(shape_, plan != nullptr, kernels.whole_batch);
        const std::int64_t end = (thread + 1) * sequences / threads;
        for (std::int64_t begin = thread * sequences / threads; begin < end; begin += most_sequences) {
            const TileSize size{std::min(most_sequences, end - begin), length, parts,
                                kernels.scratch_numbers(plan ? plan->sources : 0)};
            const Loan loan{*this, take_buffers(plan, size)};
            TileBuffers& buffers = *loan.buffers;
            const at::Tensor own_tokens = all_tokens.narrow(0, begin * length, size.tokens());
            const at::Tensor own_targets = all_targets.narrow(0, begin * length, size.tokens());
            const Viewer viewer{record ? &*record : nullptr, begin * length, thread};
            const at::Tensor part = wish.gradients
                                        ? pass.run(own_tokens, own_targets, weight, buffers, gradients, viewer)
                                        : pass.evaluate(own_tokens, own_targets, buffers);
            sum = sum.defined() ? sum + part : part;
        }
    };
    if (kernels.whole_batch)
        work(0);
    else
        at::parallel_for(0, threads, 1, [&](std::int64_t first, std::int64_t last) {
            const at::NoGradGuard no_gradient_here;
            const at::AutoDispatchBelowADInplaceOrView below;
            for (std::int64_t thread = first; thread < last; ++thread) work(thread);
        });

    Result result;
    result.loss = at::stack(sums).sum() * weight;
    if (wish.gradients) result.gradients = parameters.gradients(gathered);
    if (record)
        result.attributions =
            record->show(*wish.observer, form.routing ? &*form.routing : nullptr, model.method.routing_layout());
    return result;
}

FusedLoss::Result FusedLoss::compute(const FusedModel& model, const at::Tensor& tokens, const at::Tensor& targets,
                                     const Wish& wish) const {
    if (shape_.device.is_cpu()) return compute(model, tokens, targets, chosen_vector_kernels(), wish);
    return shape_.type == at::kFloat ? compute(model, tokens, targets, *cuda_kernels<float>(), wish)
                                     : compute(model, tokens, targets, *cuda_kernels<Bf16>(), wish);
}

at::Tensor FusedLoss::loss(const FusedModel& model, const at::Tensor& tokens, const at::Tensor& targets,
                           ForwardObserver* observer) const {
    const bool gradients = at::GradMode::is_enabled();
    Result result = compute(model, tokens, targets, {gradients, observer});
    const at::Tensor value = result.loss.to(at::kFloat);
    if (!gradients) return value;
    variable_list parameters;
    for (const Parameter& parameter : model.parameters) parameters.push_back(parameter.value);
    return ReadyGradients::apply(value, Computed{std::move(result.gradients), std::move(result.attributions)},
                                 at::TensorList(parameters));
}

template FusedLoss::Result FusedLoss::compute(const FusedModel&, const at::Tensor&, const at::Tensor&,
                                              const FusedKernels<float>&, const Wish&) const;
template FusedLoss::Result FusedLoss::compute(const FusedModel&, const at::Tensor&, const at::Tensor&,
                                              const FusedKernels<Bf16>&, const Wish&) const;

}  // namespace wavlab
