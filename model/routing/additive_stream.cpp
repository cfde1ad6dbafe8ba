// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/routing/additive_stream.h"

#include <numeric>
#include <utility>

#include <ATen/ATen.h>

#include "model/kernels/precision.h"

namespace wavlab {

void AdditiveStream::add(std::int64_t sublayer, const at::Tensor& update) {
    const at::Tensor state = widened(state_), wide = widened(update);
    const at::Tensor sum =
        scales_.empty() ? state + wide : at::addcmul(state, wide, scales_[static_cast<std::size_t>(sublayer - 1)]);
    state_ = sum.to(state_.scalar_type());
}

FusedForm scaled_stream(const std::string& parameter, const at::Tensor& value, std::int64_t rows) {
    FusedScales scales{parameter, value, std::vector<std::int64_t>(static_cast<std::size_t>(rows))};
    std::iota(scales.row_of.begin(), scales.row_of.end(), std::int64_t{0});
    return {.obstacle = {}, .routing = {}, .scales = std::move(scales)};
}

}  // namespace wavlab
