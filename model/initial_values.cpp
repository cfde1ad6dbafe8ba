// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/initial_values.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "model/random.h"

namespace wavlab {

at::Tensor draw_normal(at::IntArrayRef shape, double deviation, std::uint64_t seed, std::string_view name) {
    at::Tensor tensor = at::empty(shape, at::kFloat);
    float* numbers = tensor.mutable_data_ptr<float>();
    const std::int64_t count = tensor.numel();
    const std::uint64_t key = random_key(seed, name);
    at::parallel_for(0, (count + 1) / 2, 4096, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t pair = begin; pair < end; ++pair) {
            double first = 0, second = 0;
            random_normal_pair(key, static_cast<std::uint64_t>(pair), first, second);
            numbers[2 * pair] = static_cast<float>(deviation * first);
            if (2 * pair + 1 < count) numbers[2 * pair + 1] = static_cast<float>(deviation * second);
        }
    });
    return tensor;
}

}  // namespace wavlab
