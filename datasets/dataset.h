// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/option.h"

namespace wavlab {

/// What a dataset is asked for: the [data] table of an experiment.
struct DataRequest {
    std::string dataset = "toy-stories";  ///< a dataset id, or file:PATH
    std::string tokenizer = "char";
    std::string validation;             ///< a text file used as validation part; empty: the last tenth
    std::int64_t size = 2'000'000;      ///< bytes, of the built-in dataset
    std::uint64_t seed = 1;             ///< of the built-in dataset, never the experiment's own seed
    std::filesystem::path base_folder;  ///< what relative paths of files are relative to
};

/// A text cut into the part to train on and the part to validate on.
struct TextCorpus {
    /// UTF-8, normalised: CRLF is LF, no byte order mark, invalid bytes are U+FFFD.
    std::string train_text, validation_text;
    /// Exact −log p of the validation text in nats per character, where the source knows it.
    std::optional<double> validation_floor;
    /// What the text is and where it came from, for a run's provenance.
    std::string source_description;
};

/// A dataset as data. Registered through Registry<DatasetDescriptor>, one file a dataset.
struct DatasetDescriptor {
    std::string id, title, summary, licence, citation;
    int order = 0;  ///< place in lists
    std::vector<Option> options;
    /// Whether this dataset is meant by the `dataset` value of an experiment.
    bool (*accepts)(const std::string& dataset) = nullptr;
    /// The text. Throws InputError where it cannot be had as asked for.
    TextCorpus (*load)(const DataRequest& request) = nullptr;
};

}  // namespace wavlab
