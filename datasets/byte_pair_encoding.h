// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace wavlab {

/// Two neighbouring tokens and the one that they become.
struct BytePairMerge {
    std::int32_t left = 0, right = 0, merged = 0;
};

/// The tokens of single words by byte pair encoding: a word begins as one token a byte; again and again, of the pairs
/// of neighbours that it has, the one that stands first among the merges is merged everywhere, from left to right
/// (Sennrich, Haddow and Birch 2016, https://aclanthology.org/P16-1162, as in GPT-2's src/encoder.py).
class BytePairEncoding {
public:
    /// `byte_tokens`: the token of each byte. `merges`: first ones first; no pair may stand twice.
    BytePairEncoding(const std::array<std::int32_t, 256>& byte_tokens, const std::vector<BytePairMerge>& merges);

    /// Appends the tokens of a word. Takes O(n log n) for n bytes.
    void encode(std::string_view word, std::vector<std::int32_t>& tokens) const;

private:
    static constexpr std::uint32_t no_rank = UINT32_MAX;
    static constexpr std::uint64_t no_pair = UINT64_MAX;
    static constexpr std::size_t short_word = 64;

    /// What a pair becomes, and its place among the merges.
    struct Entry {
        std::uint64_t pair = no_pair;
        std::uint32_t rank = no_rank;
        std::int32_t merged = 0;
    };

    const Entry& find(std::int32_t left, std::int32_t right) const;
    void encode_short(std::string_view word, std::vector<std::int32_t>& tokens) const;
    void encode_long(std::string_view word, std::vector<std::int32_t>& tokens) const;

    std::array<std::int32_t, 256> byte_tokens_;
    std::vector<Entry> table_;          // open addressing; its size is a power of two
    std::vector<std::int32_t> merged_;  // by rank
};

}  // namespace wavlab
