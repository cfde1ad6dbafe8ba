// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/token_windows.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <type_traits>
#include <vector>

namespace wavlab {

namespace {

at::Tensor upload(const TokenSequence& sequence, at::Device device) {
    sequence.require_sound();
    return sequence.visit([&](const auto tokens) {
        using Token = typename std::decay_t<decltype(tokens)>::value_type;
        const auto count = static_cast<std::int64_t>(tokens.size());
        if constexpr (sizeof(Token) == 2) {  // few operations know 16 bits without a sign
            const std::vector<std::int32_t> wide(tokens.begin(), tokens.end());
            const at::Tensor host = at::from_blob(const_cast<std::int32_t*>(wide.data()), {count}, at::kInt);
            return host.to(device, /*non_blocking=*/false, /*copy=*/true);
        } else {
            const at::Tensor host =
                at::from_blob(const_cast<Token*>(tokens.data()), {count}, sizeof(Token) == 1 ? at::kByte : at::kInt);
            return host.to(device, /*non_blocking=*/false, /*copy=*/true);
        }
    });
}

}  // namespace

TokenWindows::TokenWindows(const TokenSequence& sequence, std::int64_t context, at::Device device)
    : sequence_(&sequence), context_(context), device_(device) {
    if (device_.is_cpu()) return;
    on_device_ = upload(sequence, device_);
    offsets_ = at::arange(context_ + 1, at::TensorOptions().dtype(at::kLong).device(device_)).unsqueeze(0);
}

TokenBatch TokenWindows::batch(std::span<const std::int64_t> starts) const {
    const auto wanted = at::TensorOptions().dtype(at::kLong).pinned_memory(!device_.is_cpu());
    at::Tensor host = at::empty({static_cast<std::int64_t>(starts.size())}, wanted);
    std::copy(starts.begin(), starts.end(), host.mutable_data_ptr<std::int64_t>());
    return batch(host.to(device_, /*non_blocking=*/true));
}

TokenBatch TokenWindows::batch(const at::Tensor& starts) const {
    const std::int64_t count = starts.numel();
    const std::int64_t length = context_ + 1;
    at::Tensor windows;
    if (device_.is_cpu()) {
        windows = at::empty({count, length}, at::kLong);
        const std::int64_t* start = starts.const_data_ptr<std::int64_t>();
        std::int64_t* row = windows.mutable_data_ptr<std::int64_t>();
        for (std::int64_t i = 0; i < count; ++i)
            sequence_->copy(start[i], {row + i * length, static_cast<std::size_t>(length)});
    } else {
        const at::Tensor places = (starts.unsqueeze(1) + offsets_).flatten();
        windows = on_device_.index_select(0, places).view({count, length}).to(at::kLong);
    }
    return {windows.narrow(1, 0, context_).contiguous(), windows.narrow(1, 1, context_).contiguous()};
}

}  // namespace wavlab
