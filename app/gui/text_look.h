// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "datasets/dataset.h"
#include "datasets/text_source.h"

namespace wavlab {

/// Counts the characters of a UTF-8 text that arrives in pieces, each of whole characters, and its documents.
class CharacterCounter {
public:
    /// `separator`: what stands between documents; empty: they are not counted.
    explicit CharacterCounter(std::string separator = {}) : separator_(std::move(separator)) {}

    void add(std::string_view piece);
    std::int64_t characters() const { return characters_; }
    std::int64_t different() const;
    /// Documents with something in them; nothing without a separator.
    std::optional<std::int64_t> documents() const;
    /// At most `most` characters with how often they occur, the most frequent first.
    std::vector<std::pair<char32_t, std::int64_t>> frequent(std::size_t most) const;

private:
    void count_separators(std::string_view piece);

    std::array<std::int64_t, 128> plain_{};
    std::unordered_map<char32_t, std::int64_t> others_;
    std::int64_t characters_ = 0;
    std::string separator_, tail_;  ///< the end of the text so far, in which a separator may begin
    std::int64_t separators_ = 0;
    std::int64_t since_separator_ = 0;  ///< bytes since the last one
    std::int64_t empty_documents_ = 0;
};

/// One part of a dataset, to be looked at.
struct TextPart {
    std::string name;  ///< "train", "validation", "test"; "whole": of a large file
    std::shared_ptr<const TextSource> text;
    std::function<std::string(std::int64_t begin, std::size_t bytes)> excerpt;  ///< from about there; empty: not known
    std::string separator;                                                      ///< between documents; empty: not known
};

/// The parts of a request's text. Throws what load_text_corpus throws.
std::vector<TextPart> text_parts(const DataRequest& request);

/// About `bytes` bytes of a text from byte `begin`, from the first whole character on. Throws InputError,
/// LoadingStopped.
std::string read_excerpt(const TextPart& part, std::int64_t begin, std::size_t bytes,
                         const std::function<bool()>& is_cancelled);

}  // namespace wavlab
