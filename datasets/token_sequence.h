// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

namespace wavlab {

/// Tokens in the smallest of 1, 2 or 4 bytes that holds the vocabulary: a text of 1 GB stays 1 GB.
class TokenSequence {
public:
    /// A sequence of one byte a token (vocabulary of at most 256).
    TokenSequence() : TokenSequence(256) {}
    /// An empty sequence for tokens 0 .. vocabulary_size - 1.
    explicit TokenSequence(std::int64_t vocabulary_size);

    /// Number of tokens.
    std::int64_t size() const;
    /// Token at `index`, which must be in 0 .. size() - 1.
    std::int32_t operator[](std::int64_t index) const;
    /// Copies the tokens start .. start + destination.size() - 1 as the int64 that embeddings want.
    /// Throws std::out_of_range where the sequence is shorter.
    void copy(std::int64_t start, std::span<std::int64_t> destination) const;
    /// The tokens start .. start + count - 1. Throws std::out_of_range where the sequence is shorter.
    std::vector<std::int32_t> slice(std::int64_t start, std::int64_t count) const;

    void reserve(std::int64_t tokens);
    /// Appends one token of the vocabulary.
    void push_back(std::int32_t token);
    void append(std::span<const std::int32_t> tokens);
    /// Gives back what was reserved beyond the size.
    void shrink_to_fit();

    /// How often each token 0 .. vocabulary_size - 1 occurs.
    std::vector<std::int64_t> counts(std::int64_t vocabulary_size) const;
    /// Bytes held by the tokens.
    std::int64_t bytes() const;

    /// The typed storage, for loops that fill or read it as a whole.
    using Storage = std::variant<std::vector<std::uint8_t>, std::vector<std::uint16_t>, std::vector<std::int32_t>>;
    Storage& storage() { return storage_; }
    const Storage& storage() const { return storage_; }

private:
    Storage storage_;
};

}  // namespace wavlab
