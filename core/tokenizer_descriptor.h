// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/option.h"
#include "core/registry.h"

namespace wavlab {

class TextSource;  // datasets/text_source.h
class Tokenizer;   // datasets/tokenizer.h

/// A tokenizer as data. Registered through Registry<TokenizerDescriptor>, one file a tokenizer under datasets/.
struct TokenizerDescriptor {
    std::string id, title, summary;
    int order = 0;  ///< place in lists
    /// Keys of [data] that count where this tokenizer is chosen. Tokenizers may share a key if they describe it alike.
    std::vector<Option> options{};
    /// The tokenizer of these texts (training and validation part). Paths among the options are absolute.
    std::unique_ptr<Tokenizer> (*build)(const std::vector<const TextSource*>& texts,
                                        const OptionValues& options) = nullptr;
    /// The tokenizer of a stored vocabulary (Tokenizer::vocabulary()) and the options that it was made with.
    /// Throws InputError where it is not a valid one.
    std::unique_ptr<Tokenizer> (*restore)(const nlohmann::json& vocabulary, const OptionValues& options) = nullptr;
    /// What it depends on beside the options and the files that they name, as text; null: nothing.
    std::string (*identity)(const OptionValues& options) = nullptr;
};

using TokenizerRegistry = Registry<TokenizerDescriptor>;

}  // namespace wavlab
