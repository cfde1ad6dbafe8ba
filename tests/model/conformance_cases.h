// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/experiment.h"
#include "model/decoder.h"

namespace wavlab::testing {

/// One experiment that every residual method must pass all conformance tests with.
struct ConformanceCase {
    std::string name;  ///< letters, digits and underscores, as GoogleTest wants: "wav__detail_scope_online"
    Experiment experiment;

    /// False where the method is known to look ahead (rms_match = "tensor").
    bool causal() const;
};

std::ostream& operator<<(std::ostream& stream, const ConformanceCase& value);

/// Every registered method with its default options, with every option changed in turn (each other choice, each
/// switch, some numbers), and some combinations that matter. A new method is in it without a line here.
/// The models are tiny: 3 layers, width 8, context 8.
std::vector<ConformanceCase> conformance_cases();

/// Only the registered methods with their default options.
std::vector<ConformanceCase> default_cases();

/// The tiny experiment of a method; `options` are its [method] options.
Experiment tiny_experiment(const std::string& method, const OptionValues& options = {});

constexpr std::int64_t tiny_vocabulary = 11;

/// Options of a decoder that computes in fp64.
DecoderOptions double_options(double eps = 1e-6);

/// Random tokens [batch, length] int64 below tiny_vocabulary.
at::Tensor random_tokens(std::int64_t batch, std::int64_t length, std::uint64_t seed);

/// Gives all parameters (but random signs) values at which nothing is degenerate: every path carries signal and every
/// weight differs. They depend on (seed, name) only.
void scramble(const Decoder& decoder, std::uint64_t seed);

/// Copies every parameter that both have.
void copy_shared_parameters(const Decoder& from, const Decoder& to);

/// The name of a case, for INSTANTIATE_TEST_SUITE_P.
template <class ParamInfo>
std::string case_name(const ParamInfo& info) {
    return info.param.name;
}

}  // namespace wavlab::testing
