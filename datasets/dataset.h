// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/option.h"
#include "datasets/text_source.h"

namespace wavlab {

/// What a dataset is asked for: the [data] table of an experiment.
struct DataRequest {
    std::string dataset = "toy-stories";  ///< a dataset id, or file:PATH
    std::string tokenizer = "char";
    OptionValues tokenizer_options;     ///< of the tokenizer, each with its value, or none for the defaults
    std::string validation;             ///< a text file used as validation part; empty: the dataset's own
    std::int64_t size = 2'000'000;      ///< bytes, of the built-in dataset
    std::uint64_t seed = 1;             ///< of the built-in dataset, never the experiment's own seed
    std::filesystem::path base_folder;  ///< what relative paths of files are relative to

    /// Called now and then while a text is read: what is being done, and how far it is from 0 to 1.
    std::function<void(const std::string& activity, double fraction)> progress;
    /// Asked now and then while a text is read; true ends the work with LoadingStopped.
    std::function<bool()> is_cancelled;

    /// Tells `progress` that `done` of `all` bytes were read. Throws LoadingStopped where `is_cancelled` says so.
    void report(const std::string& activity, std::int64_t done, std::int64_t all) const;
};

/// Somebody asked for the loading of a text to stop.
class LoadingStopped : public std::runtime_error {
public:
    LoadingStopped() : std::runtime_error("stopped while the text was read") {}
};

/// A text cut into the part to train on and the part to validate on.
struct TextCorpus {
    std::shared_ptr<const TextSource> train, validation;
    /// Exact −log p of the validation text in nats per character, where the source knows it.
    std::optional<double> validation_floor;
    /// What the text is and where it came from, for a run's provenance.
    std::string source_description;
};

/// One value for `data.dataset`, as lists show it.
struct DatasetName {
    std::string id, title, summary;
};

/// A dataset as data. Registered through Registry<DatasetDescriptor>, one file a kind of dataset.
struct DatasetDescriptor {
    std::string id, title, summary, licence, citation;
    int order = 0;  ///< place in lists
    std::vector<Option> options;
    /// Whether this dataset is meant by the `dataset` value of an experiment.
    bool (*accepts)(const std::string& dataset) = nullptr;
    /// The text. Throws InputError where it cannot be had as asked for.
    TextCorpus (*load)(const DataRequest& request) = nullptr;
    /// What tells this text from any other without reading it (paths with sizes and times, checksums), so that its
    /// tokens can be kept; null or empty: they are not. Throws as `load` does.
    std::string (*identity)(const DataRequest& request) = nullptr;
    /// The values for `data.dataset` that it stands for; null: its own id. Throws nothing.
    std::vector<DatasetName> (*names)() = nullptr;
};

/// Every value for `data.dataset` that is known by name, with its descriptor, in order.
struct KnownDataset {
    DatasetName name;
    const DatasetDescriptor* descriptor = nullptr;
};
std::vector<KnownDataset> known_datasets();

}  // namespace wavlab
