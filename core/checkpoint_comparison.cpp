// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint_comparison.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include "core/safetensors.h"

namespace wavlab {

namespace {

/// Sums over the numbers of two vectors.
struct Sums {
    double first = 0, second = 0, difference = 0, product = 0;

    void add(double a, double b) {
        first += a * a;
        second += b * b;
        difference += (b - a) * (b - a);
        product += a * b;
    }
    void add(const Sums& other) {
        first += other.first;
        second += other.second;
        difference += other.difference;
        product += other.product;
    }
};

template <class Number>
Number read_at(std::span<const std::byte> bytes, std::size_t index) {
    Number number;
    std::memcpy(&number, bytes.data() + index * sizeof(Number), sizeof(Number));  // tensors need not be aligned
    return number;
}

double half_value(std::uint16_t bits) {
    const int exponent = bits >> 10 & 0x1F;
    const int fraction = bits & 0x3FF;
    const double sign = bits & 0x8000 ? -1.0 : 1.0;
    if (exponent == 31) return fraction ? std::numeric_limits<double>::quiet_NaN() : sign * HUGE_VAL;
    return sign * (exponent ? std::ldexp(1024 + fraction, exponent - 25) : std::ldexp(fraction, -24));
}

double value_at(const TensorView& tensor, std::size_t index) {
    switch (tensor.type) {
        case TensorType::f32:
            return static_cast<double>(read_at<float>(tensor.bytes, index));
        case TensorType::f64:
            return read_at<double>(tensor.bytes, index);
        case TensorType::bf16:
            return static_cast<double>(
                std::bit_cast<float>(std::uint32_t{read_at<std::uint16_t>(tensor.bytes, index)} << 16));
        case TensorType::f16:
            return half_value(read_at<std::uint16_t>(tensor.bytes, index));
        case TensorType::i64:
            return static_cast<double>(read_at<std::int64_t>(tensor.bytes, index));
        case TensorType::i32:
            return read_at<std::int32_t>(tensor.bytes, index);
        default:
            return read_at<std::uint8_t>(tensor.bytes, index);
    }
}

Sums sums_of(const TensorView& first, const TensorView& second) {
    const std::size_t count = first.bytes.size() / size_of(first.type);
    // Pieces of their own keep the sums of large tensors exact enough.
    constexpr std::size_t piece = 4096;
    Sums total;
    for (std::size_t begin = 0; begin < count; begin += piece) {
        Sums part;
        const std::size_t end = std::min(count, begin + piece);
        if (first.type == TensorType::f32 && second.type == TensorType::f32)
            for (std::size_t i = begin; i < end; ++i)
                part.add(static_cast<double>(read_at<float>(first.bytes, i)),
                         static_cast<double>(read_at<float>(second.bytes, i)));
        else
            for (std::size_t i = begin; i < end; ++i) part.add(value_at(first, i), value_at(second, i));
        total.add(part);
    }
    return total;
}

TensorChange change_of(std::string name, std::vector<std::int64_t> shape, const Sums& sums) {
    TensorChange change;
    change.name = std::move(name);
    change.shape = std::move(shape);
    change.first_norm = std::sqrt(sums.first);
    change.second_norm = std::sqrt(sums.second);
    change.difference_norm = std::sqrt(sums.difference);
    change.relative_change = sums.difference == 0 ? 0.0 : change.difference_norm / change.first_norm;
    const double cosine = sums.product / (change.first_norm * change.second_norm);
    change.cosine = std::isnan(cosine) ? cosine : std::clamp(cosine, -1.0, 1.0);
    return change;
}

}  // namespace

CheckpointComparison compare_checkpoints(const std::filesystem::path& first_file,
                                         const std::filesystem::path& second_file, std::stop_token stop) {
    const SafetensorsFile first(first_file);
    const SafetensorsFile second(second_file);
    std::set<std::string> names;
    for (const SafetensorsFile* file : {&first, &second})
        for (const TensorView& tensor : file->tensors()) names.insert(tensor.name);
    CheckpointComparison comparison;
    Sums whole;
    for (const std::string& name : names) {
        if (stop.stop_requested()) {
            comparison.cancelled = true;
            break;
        }
        const TensorView* a = first.find(name);
        const TensorView* b = second.find(name);
        if (a && b && a->shape == b->shape) {
            const Sums sums = sums_of(*a, *b);
            whole.add(sums);
            comparison.tensors.push_back(change_of(name, a->shape, sums));
            continue;
        }
        if (a) comparison.only_first.push_back(name);
        if (b) comparison.only_second.push_back(name);
    }
    comparison.whole = change_of("", {}, whole);
    return comparison;
}

}  // namespace wavlab
