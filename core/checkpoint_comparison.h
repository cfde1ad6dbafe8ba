// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace wavlab {

/// How one tensor, or all of them together, differs between two models, all its numbers seen as one vector.
struct TensorChange {
    std::string name;                 ///< empty: all tensors that both models have
    std::vector<std::int64_t> shape;  ///< empty: all
    double first_norm = 0;            ///< ‖a‖₂
    double second_norm = 0;           ///< ‖b‖₂
    double difference_norm = 0;       ///< ‖b − a‖₂
    double relative_change = 0;  ///< ‖b − a‖₂ / ‖a‖₂; 0 where both are zero, infinite where only a is
    double cosine = 0;           ///< a·b / (‖a‖₂ ‖b‖₂); NaN where one is zero
};

struct CheckpointComparison {
    std::vector<TensorChange> tensors;  ///< that both have with the same shape, by name
    TensorChange whole;                 ///< of all of them
    /// Tensors that only one of the two has (or both, with another shape), by name.
    std::vector<std::string> only_first, only_second;
    bool cancelled = false;  ///< `stop` came first: the rest is missing
};

/// Compares two model files tensor by tensor; memory does not grow with them. `stop` is asked between tensors. Throws
/// InputError that names a file and what is wrong with it.
CheckpointComparison compare_checkpoints(const std::filesystem::path& first, const std::filesystem::path& second,
                                         std::stop_token stop = {});

}  // namespace wavlab
