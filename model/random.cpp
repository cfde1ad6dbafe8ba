// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/random.h"

#include <cmath>
#include <numbers>

namespace wavlab {

namespace {

constexpr std::uint64_t golden_gamma = 0x9E3779B97F4A7C15u;

}  // namespace

std::uint64_t mix_bits(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
    return value ^ (value >> 31);
}

std::uint64_t random_key(std::uint64_t seed, std::string_view name) {
    std::uint64_t hash = 0xCBF29CE484222325u;  // FNV-1a
    for (const char character : name) hash = (hash ^ static_cast<unsigned char>(character)) * 0x100000001B3u;
    return child_key(mix_bits(seed + golden_gamma), hash);
}

std::uint64_t child_key(std::uint64_t key, std::uint64_t index) {
    return mix_bits(key ^ mix_bits(index + golden_gamma));
}

std::uint64_t random_bits(std::uint64_t key, std::uint64_t index) { return mix_bits(key + (index + 1) * golden_gamma); }

double random_uniform(std::uint64_t key, std::uint64_t index) {
    return static_cast<double>(random_bits(key, index) >> 11) * 0x1.0p-53;
}

void random_normal_pair(std::uint64_t key, std::uint64_t pair, double& first, double& second) {
    // 1 - u lies in (0, 1], so that the logarithm is finite.
    const double radius = std::sqrt(-2.0 * std::log(1.0 - random_uniform(key, 2 * pair)));
    const double angle = 2.0 * std::numbers::pi * random_uniform(key, 2 * pair + 1);
    first = radius * std::cos(angle);
    second = radius * std::sin(angle);
}

double random_normal(std::uint64_t key, std::uint64_t index) {
    double first = 0, second = 0;
    random_normal_pair(key, index / 2, first, second);
    return index % 2 == 0 ? first : second;
}

}  // namespace wavlab
