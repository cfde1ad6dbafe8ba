// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <variant>
#include <vector>

namespace wavlab {

class MappedFile;

/// Tokens in the smallest of 1, 2 or 4 bytes that holds the vocabulary: a text of 1 GB stays 1 GB. In memory, or mapped
/// from a file, of which only what was used last is resident.
class TokenSequence {
public:
    /// A sequence of one byte a token (vocabulary of at most 256).
    TokenSequence() : TokenSequence(256) {}
    /// An empty sequence for tokens 0 .. vocabulary_size - 1.
    explicit TokenSequence(std::int64_t vocabulary_size);
    /// The tokens of a file: little-endian numbers of token_bytes(vocabulary_size) bytes each, nothing else. It cannot
    /// be appended to. Throws InputError where the file cannot be mapped.
    static TokenSequence map(const std::filesystem::path& file, std::int64_t vocabulary_size);

    /// Bytes that one token of such a vocabulary takes: 1, 2 or 4.
    static std::int64_t token_bytes(std::int64_t vocabulary_size);

    /// Number of tokens.
    std::int64_t size() const;
    /// Token at `index`, which must be in 0 .. size() - 1.
    std::int32_t operator[](std::int64_t index) const;
    /// Copies the tokens start .. start + destination.size() - 1 as the int64 that embeddings want.
    /// Throws std::out_of_range where the sequence is shorter, WorkError where the mapped file is damaged so that one
    /// of them is outside the vocabulary.
    void copy(std::int64_t start, std::span<std::int64_t> destination) const;
    /// The tokens start .. start + count - 1. Throws as copy() does.
    std::vector<std::int32_t> slice(std::int64_t start, std::int64_t count) const;

    void reserve(std::int64_t tokens);
    void clear();
    /// Appends one token of the vocabulary.
    void push_back(std::int32_t token);
    void append(std::span<const std::int32_t> tokens);
    /// Gives back what was reserved beyond the size.
    void shrink_to_fit();

    /// Throws WorkError where a mapped file is damaged so that any of its tokens is outside the vocabulary.
    void require_sound() const;

    /// How often each token 0 .. vocabulary_size - 1 occurs.
    std::vector<std::int64_t> counts(std::int64_t vocabulary_size) const;
    /// Bytes that the tokens take, in memory or in the file.
    std::int64_t bytes() const;

    /// Calls `function` with the tokens as a span of their own type, for loops that read them as a whole.
    template <class Function>
    decltype(auto) visit(Function&& function) const {
        const View view = this->view();
        const auto count = static_cast<std::size_t>(view.count);
        if (view.token_bytes == 1) return function(std::span(static_cast<const std::uint8_t*>(view.data), count));
        if (view.token_bytes == 2) return function(std::span(static_cast<const std::uint16_t*>(view.data), count));
        return function(std::span(static_cast<const std::int32_t*>(view.data), count));
    }

    /// The typed storage of a sequence in memory, for loops that fill it.
    using Storage = std::variant<std::vector<std::uint8_t>, std::vector<std::uint16_t>, std::vector<std::int32_t>>;
    Storage& storage() { return storage_; }

private:
    struct View {
        const void* data;
        std::int64_t count, token_bytes;
    };
    View view() const;
    template <class Tokens>
    void require_sound(const Tokens& tokens) const;

    Storage storage_;
    std::shared_ptr<MappedFile> mapped_;
    std::int64_t mapped_token_bytes_ = 1, mapped_vocabulary_ = 256;
};

}  // namespace wavlab
