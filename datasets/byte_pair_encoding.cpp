// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/byte_pair_encoding.h"

#include <bit>
#include <functional>
#include <queue>
#include <utility>

#include "core/error.h"

namespace wavlab {

namespace {

std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
    return (std::uint64_t{static_cast<std::uint32_t>(left)} << 32) | static_cast<std::uint32_t>(right);
}

std::size_t pair_hash(std::uint64_t key) {
    key *= 0x9E3779B97F4A7C15ULL;
    return static_cast<std::size_t>(key ^ (key >> 32));
}

}  // namespace

BytePairEncoding::BytePairEncoding(const std::array<std::int32_t, 256>& byte_tokens,
                                   const std::vector<BytePairMerge>& merges)
    : byte_tokens_(byte_tokens), table_(std::bit_ceil(2 * merges.size() + 2)) {
    for (const BytePairMerge& merge : merges) {
        const std::uint64_t key = pair_key(merge.left, merge.right);
        std::size_t slot = pair_hash(key) & (table_.size() - 1);
        while (table_[slot].pair != no_pair) {
            if (table_[slot].pair == key) throw WorkError("a pair of tokens stands twice among the merges");
            slot = (slot + 1) & (table_.size() - 1);
        }
        table_[slot] = {key, static_cast<std::uint32_t>(merged_.size()), merge.merged};
        merged_.push_back(merge.merged);
    }
}

const BytePairEncoding::Entry& BytePairEncoding::find(std::int32_t left, std::int32_t right) const {
    const std::uint64_t key = pair_key(left, right);
    std::size_t slot = pair_hash(key) & (table_.size() - 1);
    while (table_[slot].pair != key && table_[slot].pair != no_pair) slot = (slot + 1) & (table_.size() - 1);
    return table_[slot];
}

void BytePairEncoding::encode(std::string_view word, std::vector<std::int32_t>& tokens) const {
    if (word.size() <= short_word)
        encode_short(word, tokens);
    else
        encode_long(word, tokens);
}

void BytePairEncoding::encode_short(std::string_view word, std::vector<std::int32_t>& tokens) const {
    std::array<std::int32_t, short_word> part{};       // the tokens so far
    std::array<std::uint32_t, short_word + 1> rank{};  // of each part and the next
    std::size_t count = 0;
    for (const char byte : word) part[count++] = byte_tokens_[static_cast<unsigned char>(byte)];
    for (std::size_t i = 0; i + 1 < count; ++i) rank[i] = find(part[i], part[i + 1]).rank;
    while (count > 1) {
        std::uint32_t best = no_rank;
        for (std::size_t i = 0; i + 1 < count; ++i) best = rank[i] < best ? rank[i] : best;
        if (best == no_rank) break;
        std::size_t kept = 0;
        bool changed = false;  // whether the part kept last is a new one
        for (std::size_t i = 0; i < count; ++kept) {
            const bool merge = i + 1 < count && rank[i] == best;
            const std::uint32_t old_rank = rank[i];
            part[kept] = merge ? merged_[best] : part[i];
            i += merge ? 2 : 1;
            if (kept > 0 && (changed || merge)) rank[kept - 1] = find(part[kept - 1], part[kept]).rank;
            rank[kept] = old_rank;
            changed = merge;
        }
        count = kept;
    }
    tokens.insert(tokens.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(count));
}

void BytePairEncoding::encode_long(std::string_view word, std::vector<std::int32_t>& tokens) const {
    const std::size_t size = word.size();
    std::vector<std::int32_t> part;
    part.reserve(size);
    for (const char byte : word) part.push_back(byte_tokens_[static_cast<unsigned char>(byte)]);
    // Parts are linked; those merged into the one before them keep no rank. `next` of the last is `size`.
    std::vector<std::size_t> next(size), previous(size);
    std::vector<std::uint32_t> rank(size, no_rank);
    using Candidate = std::pair<std::uint32_t, std::size_t>;  // rank, place
    std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
    const auto look = [&](std::size_t place) {
        rank[place] = next[place] < size ? find(part[place], part[next[place]]).rank : no_rank;
        return rank[place] != no_rank;
    };
    for (std::size_t i = 0; i < size; ++i) {
        next[i] = i + 1;
        previous[i] = i > 0 ? i - 1 : size;
    }
    for (std::size_t i = 0; i < size; ++i)
        if (look(i)) queue.emplace(rank[i], i);
    std::vector<Candidate> found;  // by the merges of one rank; they wait until all of these are done
    while (!queue.empty()) {
        const std::uint32_t best = queue.top().first;
        found.clear();
        while (!queue.empty() && queue.top().first == best) {
            const std::size_t place = queue.top().second;
            queue.pop();
            if (rank[place] != best) continue;  // changed since
            const std::size_t gone = next[place];
            part[place] = merged_[best];
            rank[gone] = no_rank;
            next[place] = next[gone];
            if (next[place] < size) previous[next[place]] = place;
            if (look(place)) found.emplace_back(rank[place], place);
            if (previous[place] < size && look(previous[place]))
                found.emplace_back(rank[previous[place]], previous[place]);
        }
        for (const Candidate& candidate : found) queue.push(candidate);
    }
    for (std::size_t i = 0; i < size; i = next[i]) tokens.push_back(part[i]);
}

}  // namespace wavlab
