// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/byte_pair_encoding.h"
#include "datasets/gpt2_vocabulary.h"
#include "datasets/tokenizer.h"
#include "datasets/word_cache.h"

namespace wavlab {

/// GPT-2's byte-level byte pair encoding: a text is cut into words (datasets/gpt2_words.h), and the bytes of each word
/// are merged to tokens (datasets/byte_pair_encoding.h). "<|endoftext|>" in the text, which separates documents, is the
/// one token of that name where the vocabulary has it; what stands before and after it is encoded as texts of their
/// own. No byte is lost, valid UTF-8 or not.
class Gpt2Tokenizer final : public Tokenizer {
public:
    static constexpr std::string_view separator = "<|endoftext|>";

    /// Throws InputError for a vocabulary that is not consistent.
    explicit Gpt2Tokenizer(Gpt2Vocabulary vocabulary);
    ~Gpt2Tokenizer() override;

    std::int64_t vocabulary_size() const override { return static_cast<std::int64_t>(texts_.size()); }
    std::vector<std::int32_t> encode(std::string_view utf8) const override;
    void encode_into(std::string_view utf8, TokenSequence& tokens) const override;
    std::size_t safe_cut(std::string_view utf8) const override;
    std::string decode(std::span<const std::int32_t> tokens) const override;
    std::string decode_token(std::int32_t token) const override;
    nlohmann::json vocabulary() const override { return vocabulary_.to_json(); }

private:
    template <class Token>
    void encode_all(std::string_view text, std::vector<Token>& tokens) const;
    template <class Token>
    void encode_words(std::string_view text, WordCache& cache, std::vector<Token>& tokens) const;
    const std::string& text_of(std::int32_t token) const;
    bool may_be_in_separator(std::string_view text, std::size_t place) const;

    Gpt2Vocabulary vocabulary_;
    std::vector<std::string> texts_;  // by token
    std::optional<std::int32_t> separator_;
    BytePairEncoding encoding_;
    // Caches that no thread uses just now: encoding in two threads at once makes a second one.
    mutable std::mutex mutex_;
    mutable std::vector<std::unique_ptr<WordCache>> caches_;
};

}  // namespace wavlab
