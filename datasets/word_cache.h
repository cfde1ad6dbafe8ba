// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace wavlab {

/// Tokens of words met lately, in a fixed amount of memory (4 MB). Words that are too long or have too many tokens are
/// not kept. A word has two places, side by side; a new one pushes the older of the two out.
class WordCache {
public:
    static constexpr std::size_t longest_word = 23;  ///< in bytes
    static constexpr std::size_t most_tokens = 9;

    /// A word as numbers, for comparing it at once: its bytes, zeros, and in the last byte its length.
    struct Key {
        std::array<std::uint64_t, 3> words{};
        bool operator==(const Key&) const = default;
        std::size_t hash() const {
            std::uint64_t mixed = words[0] * 0x9E3779B97F4A7C15ULL;
            mixed = (mixed ^ (mixed >> 29) ^ words[1]) * 0xBF58476D1CE4E5B9ULL;
            mixed = (mixed ^ (mixed >> 32) ^ words[2]) * 0x94D049BB133111EBULL;
            return static_cast<std::size_t>(mixed >> 40);
        }
    };
    struct alignas(64) Entry {  // one line of the processor's cache
        Key key;
        std::int32_t count = 0;
        std::array<std::int32_t, most_tokens> tokens{};
    };

    /// `word` lies in a text that goes on to `text_end`; 1 to longest_word bytes.
    static Key key_of(std::string_view word, const char* text_end) {
        Key key;
        if (static_cast<std::size_t>(text_end - word.data()) >= sizeof key.words) {
            // Reading all and clearing what lies beyond the word is quicker than copying a varying number of bytes.
            std::memcpy(key.words.data(), word.data(), sizeof key.words);
            for (std::size_t i = 0; i < key.words.size(); ++i) {
                const std::size_t bytes = word.size() > 8 * i ? word.size() - 8 * i : 0;
                if (bytes < 8) key.words[i] &= (std::uint64_t{1} << (8 * bytes)) - 1;
            }
        } else {
            std::memcpy(key.words.data(), word.data(), word.size());
        }
        key.words[2] |= std::uint64_t{word.size()} << 56;
        return key;
    }

    /// Where a word belongs; what is there begins to come from memory.
    std::size_t fetch(const Key& key) const {
        const std::size_t place = key.hash() & (size - 1);
        __builtin_prefetch(&entries_[place]);
        return place;
    }

    /// `place`: from fetch(). Null where the word is not kept.
    const Entry* find(const Key& key, std::size_t place) const {
        if (entries_[place].key == key) return &entries_[place];
        if (entries_[place ^ 1].key == key) return &entries_[place ^ 1];
        return nullptr;
    }

    void keep(const Key& key, std::size_t place, const std::int32_t* tokens, std::size_t count) {
        if (count > most_tokens) return;
        entries_[place ^ 1] = entries_[place];
        Entry& entry = entries_[place];
        entry.key = key;
        entry.count = static_cast<std::int32_t>(count);
        std::memcpy(entry.tokens.data(), tokens, count * sizeof *tokens);
    }

private:
    static constexpr std::size_t size = std::size_t{1} << 16;
    std::vector<Entry> entries_{size};
};
static_assert(sizeof(WordCache::Entry) == 64);

}  // namespace wavlab
