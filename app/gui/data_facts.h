// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/experiment.h"

namespace wavlab {

/// What the form says of an experiment's data before a run reads it.
struct DataFacts {
    std::int64_t vocabulary = 0;  ///< different tokens; 0 when not known
    std::int64_t train_tokens = 0;
    std::int64_t validation_tokens = 0;
    bool exact = true;        ///< false: of a part of a large file
    std::string source;       ///< what the text is
    std::string problem;      ///< why it cannot be had; empty when it can
    std::string problem_key;  ///< "data.dataset" or "data.validation"
};

/// Two experiments with the same key have the same facts.
std::string data_key(const Experiment& experiment);

/// Reads the data, of a large file only a part. Takes up to seconds; throws nothing.
DataFacts find_data_facts(const Experiment& experiment);

}  // namespace wavlab
