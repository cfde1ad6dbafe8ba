// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

namespace wavlab {

/// Random numbers as pure functions of (key, index): the same on every device, in any order, with any number of
/// threads. The mixing function is SplitMix64 (Steele, Lea and Flood, 2014).
std::uint64_t mix_bits(std::uint64_t value);

/// A key for everything drawn under one name: initial values of a tensor, dropout masks of a step.
std::uint64_t random_key(std::uint64_t seed, std::string_view name);

/// The key for the `index`-th child of `key`.
std::uint64_t child_key(std::uint64_t key, std::uint64_t index);

/// 64 random bits.
std::uint64_t random_bits(std::uint64_t key, std::uint64_t index);

/// Uniform in [0, 1).
double random_uniform(std::uint64_t key, std::uint64_t index);

/// Standard normal (Box and Muller); indices 2k and 2k+1 are a pair.
double random_normal(std::uint64_t key, std::uint64_t index);

/// Both values of pair k, as random_normal(key, 2k) and random_normal(key, 2k+1), for half the work.
void random_normal_pair(std::uint64_t key, std::uint64_t pair, double& first, double& second);

}  // namespace wavlab
