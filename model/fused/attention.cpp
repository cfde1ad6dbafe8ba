// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/fused/attention.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iomanip>
#include <sstream>
#include <tuple>
#include <utility>

#include <ATen/ATen.h>

#include "model/device.h"

namespace wavlab {

namespace {

using Gradients = std::array<at::Tensor, 3>;

Gradients first_three(std::tuple<at::Tensor, at::Tensor, at::Tensor> gradients) {
    return {std::get<0>(gradients), std::get<1>(gradients), std::get<2>(gradients)};
}

Attended forward_on_cpu(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
    auto [mixed, log_sum_exp] = at::_scaled_dot_product_flash_attention_for_cpu(query, key, value, 0.0, true);
    return {mixed, {log_sum_exp}};
}

Gradients backward_on_cpu(const at::Tensor& gradient, const at::Tensor& query, const at::Tensor& key,
                          const at::Tensor& value, const Attended& attended) {
    return first_three(at::_scaled_dot_product_flash_attention_for_cpu_backward(
        gradient, query, key, value, attended.mixed, attended.kept[0], 0.0, true));
}

Attended forward_plain(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
    const std::int64_t length = query.size(2);
    const at::Tensor later = at::ones({length, length}, query.options().dtype(at::kBool)).triu_(1);
    const double scale = 1.0 / std::sqrt(static_cast<double>(query.size(3)));
    const at::Tensor logits = at::matmul(query, key.transpose(-2, -1)).mul_(scale).masked_fill_(later, -INFINITY);
    const at::Tensor weights = at::_softmax(logits, -1, false);  // [B, heads, T, T]
    return {at::matmul(weights, value), {weights}};
}

Gradients backward_plain(const at::Tensor& gradient, const at::Tensor& query, const at::Tensor& key,
                         const at::Tensor& value, const Attended& attended) {
    const at::Tensor& weights = attended.kept[0];
    const double scale = 1.0 / std::sqrt(static_cast<double>(query.size(3)));
    const at::Tensor logits =
        at::_softmax_backward_data(at::matmul(gradient, value.transpose(-2, -1)), weights, -1, weights.scalar_type())
            .mul_(scale);
    return {at::matmul(logits, key), at::matmul(logits.transpose(-2, -1), query),
            at::matmul(weights.transpose(-2, -1), gradient)};
}

Attended forward_flash(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
    const auto [mixed, log_sum_exp, first_query, first_key, longest_query, longest_key, seed, offset, mask] =
        at::_scaled_dot_product_flash_attention(query, key, value, 0.0, /*is_causal=*/true, false);
    return {mixed,
            {log_sum_exp, first_query, first_key, seed, offset},
            longest_query.expect_int(),
            longest_key.expect_int()};
}

Gradients backward_flash(const at::Tensor& gradient, const at::Tensor& query, const at::Tensor& key,
                         const at::Tensor& value, const Attended& attended) {
    const auto& [mixed, kept, longest_query, longest_key] = attended;
    return first_three(at::_scaled_dot_product_flash_attention_backward(gradient, query, key, value, mixed, kept[0],
                                                                        kept[1], kept[2], longest_query, longest_key,
                                                                        0.0, true, kept[3], kept[4]));
}

Attended forward_efficient(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
    const auto [mixed, log_sum_exp, seed, offset] = at::_scaled_dot_product_efficient_attention(
        query, key, value, {}, /*compute_log_sumexp=*/true, 0.0, /*is_causal=*/true);
    return {mixed, {log_sum_exp, seed, offset}};
}

Gradients backward_efficient(const at::Tensor& gradient, const at::Tensor& query, const at::Tensor& key,
                             const at::Tensor& value, const Attended& attended) {
    const std::vector<at::Tensor>& kept = attended.kept;
    const auto [dq, dk, dv, bias] =
        at::_scaled_dot_product_efficient_attention_backward(gradient, query, key, value, {}, attended.mixed, kept[0],
                                                             kept[1], kept[2], 0.0, {true, true, true, false}, true);
    return {dq, dk, dv};
}

Attended forward_cudnn(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
    const auto [mixed, log_sum_exp, first_query, first_key, longest_query, longest_key, seed, offset, mask] =
        at::_scaled_dot_product_cudnn_attention(query, key, value, {}, /*compute_log_sumexp=*/true, 0.0,
                                                /*is_causal=*/true, false);
    return {mixed,
            {log_sum_exp, first_query, first_key, seed, offset},
            longest_query.expect_int(),
            longest_key.expect_int()};
}

Gradients backward_cudnn(const at::Tensor& gradient, const at::Tensor& query, const at::Tensor& key,
                         const at::Tensor& value, const Attended& attended) {
    const auto& [mixed, kept, longest_query, longest_key] = attended;
    return first_three(at::_scaled_dot_product_cudnn_attention_backward(gradient, query, key, value, mixed, kept[0],
                                                                        kept[3], kept[4], {}, kept[1], kept[2],
                                                                        longest_query, longest_key, 0.0, true));
}

constexpr AttentionBackend on_cpu{"flash", forward_on_cpu, backward_on_cpu};
constexpr AttentionBackend plain{"plain", forward_plain, backward_plain};
constexpr AttentionBackend flash{"flash", forward_flash, backward_flash};
constexpr AttentionBackend efficient{"efficient", forward_efficient, backward_efficient};
constexpr AttentionBackend cudnn{"cudnn", forward_cudnn, backward_cudnn};

/// Milliseconds of a forward and a backward pass.
double time_of(const AttentionBackend& backend, const std::array<at::Tensor, 3>& inputs, at::Device device) {
    constexpr int warm_up = 3, rounds = 10;
    const auto once = [&] {
        const Attended attended = backend.forward(inputs[0], inputs[1], inputs[2]);
        backend.backward(inputs[0], inputs[0], inputs[1], inputs[2], attended);
    };
    for (int i = 0; i < warm_up; ++i) once();
    synchronize(device);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < rounds; ++i) once();
    synchronize(device);
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count() / rounds;
}

}  // namespace

const AttentionBackend& cpu_attention() { return on_cpu; }
const AttentionBackend& plain_attention() { return plain; }

std::vector<const AttentionBackend*> gpu_attention(at::ScalarType type, bool deterministic) {
    if (type == at::kFloat) return deterministic ? std::vector{&plain} : std::vector{&efficient, &plain};
    // Flash attention has a deterministic backward pass; LibTorch chooses it where it is told to be deterministic.
    return deterministic ? std::vector{&flash, &plain} : std::vector{&flash, &cudnn, &efficient, &plain};
}

ChosenAttention choose_attention(at::Device device, at::ScalarType type, const std::array<std::int64_t, 4>& sizes,
                                 bool deterministic) {
    if (device.is_cpu()) return {&on_cpu, on_cpu.name};
    const at::NoGradGuard no_gradient;
    // As the pass has them: [B, T, heads, d_head] with heads and tokens exchanged.
    std::array<at::Tensor, 3> inputs;
    for (at::Tensor& input : inputs)
        input =
            at::zeros({sizes[0], sizes[2], sizes[1], sizes[3]}, at::TensorOptions(device).dtype(type)).transpose(1, 2);
    std::vector<std::pair<double, const AttentionBackend*>> timed;
    for (const AttentionBackend* backend : gpu_attention(type, deterministic)) {
        // It needs memory for whole matrices of weights: only where there is nothing else.
        if (backend == &plain) continue;
        try {
            timed.emplace_back(time_of(*backend, inputs, device), backend);
        } catch (const std::exception&) {
            // This GPU or these sizes are not for it.
        }
    }
    if (timed.empty()) return {&plain, plain.name};
    std::sort(timed.begin(), timed.end());
    std::ostringstream reason;
    reason << std::fixed << std::setprecision(2) << timed[0].second->name << " (" << timed[0].first << " ms";
    for (std::size_t i = 1; i < timed.size(); ++i)
        reason << (i == 1 ? "; " : ", ") << timed[i].second->name << " " << timed[i].first << " ms";
    reason << ")";
    return {timed[0].second, reason.str()};
}

}  // namespace wavlab
