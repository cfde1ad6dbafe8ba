// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/kernels/dropout.h"

#include <ATen/ATen.h>

#include "model/random.h"

namespace wavlab {

namespace {

/// A 64-bit word of random.h as the signed number with the same bits; integer tensors wrap around as it does.
std::int64_t as_signed(std::uint64_t bits) { return static_cast<std::int64_t>(bits); }

/// value ^ (value >> bits), the shift filling in zeros.
at::Tensor shift_and_mix(const at::Tensor& value, int bits) {
    const std::int64_t kept = (std::int64_t{1} << (64 - bits)) - 1;
    return at::bitwise_xor(value, at::bitwise_and(at::bitwise_right_shift(value, bits), kept));
}

/// The upper 53 bits below this are dropped.
std::int64_t threshold(double probability) { return static_cast<std::int64_t>(probability * 0x1.0p53); }

/// random_bits(key, position) >> 11 for every position, on the tensor's device.
at::Tensor random_words(const at::Tensor& like, std::uint64_t key) {
    constexpr std::uint64_t golden_gamma = 0x9E3779B97F4A7C15u;
    at::Tensor word = at::arange(1, like.numel() + 1, at::TensorOptions(like.device()).dtype(at::kLong));
    word.mul_(as_signed(golden_gamma)).add_(as_signed(key));
    word = shift_and_mix(word, 30).mul_(as_signed(0xBF58476D1CE4E5B9u));
    word = shift_and_mix(word, 27).mul_(as_signed(0x94D049BB133111EBu));
    word = shift_and_mix(word, 31);
    return at::bitwise_and(at::bitwise_right_shift(word, 11), (std::int64_t{1} << 53) - 1);
}

}  // namespace

at::Tensor dropout(const at::Tensor& value, double probability, std::uint64_t key) {
    const at::Tensor kept = random_words(value, key).ge(threshold(probability)).view(value.sizes());
    return value * (kept.to(value.scalar_type()) / (1.0 - probability));
}

at::Tensor dropout_mask_reference(at::IntArrayRef shape, double probability, std::uint64_t key) {
    at::Tensor mask = at::empty(shape, at::kDouble);
    double* numbers = mask.mutable_data_ptr<double>();
    for (std::int64_t i = 0; i < mask.numel(); ++i)
        numbers[i] = random_uniform(key, static_cast<std::uint64_t>(i)) < probability ? 0.0 : 1.0;
    return mask;
}

}  // namespace wavlab
