// SPDX-License-Identifier: GPL-3.0-or-later
// How much a sequence's own frequencies say about its next token.
#include <cmath>
#include <span>
#include <unordered_map>

#include "datasets/token_data.h"

namespace wavlab {

namespace {

/// Calls `take` with every token in order; a mapped sequence does not become resident by it.
template <class Take>
void each_token(const TokenSequence& tokens, Take take) {
    constexpr std::int64_t piece = 1 << 16;
    std::vector<std::int64_t> buffer(static_cast<std::size_t>(piece));
    for (std::int64_t start = 0; start < tokens.size(); start += piece) {
        const auto count = static_cast<std::size_t>(std::min(piece, tokens.size() - start));
        tokens.copy(start, std::span(buffer).first(count));
        for (std::size_t i = 0; i < count; ++i) take(buffer[i]);
    }
}

/// −Σ c log(c / total) of counts, in nats.
class Surprise {
public:
    explicit Surprise(double total) : total_(total) {}
    void add(std::int64_t count) {
        if (count > 0) sum_ -= static_cast<double>(count) * std::log(static_cast<double>(count) / total_);
    }
    double sum() const { return sum_; }

private:
    double total_, sum_ = 0.0;
};

std::vector<std::int64_t> counts_of(const TokenSequence& tokens, std::int64_t vocabulary_size) {
    std::vector<std::int64_t> counts(static_cast<std::size_t>(vocabulary_size), 0);
    each_token(tokens, [&](std::int64_t token) { ++counts.at(static_cast<std::size_t>(token)); });
    return counts;
}

}  // namespace

double unigram_entropy(const TokenSequence& tokens, std::int64_t vocabulary_size) {
    if (tokens.size() == 0) return 0.0;
    Surprise surprise(static_cast<double>(tokens.size()));
    for (const std::int64_t count : counts_of(tokens, vocabulary_size)) surprise.add(count);
    return surprise.sum() / static_cast<double>(tokens.size());
}

double bigram_entropy(const TokenSequence& tokens, std::int64_t vocabulary_size) {
    constexpr std::int64_t largest_table = 1 << 22;   // pairs
    constexpr std::int64_t most_hashed = 20'000'000;  // tokens
    if (tokens.size() < 2) return 0.0;
    const bool dense = vocabulary_size <= largest_table / vocabulary_size;
    if (!dense && tokens.size() > most_hashed) return 0.0;
    std::vector<std::int64_t> table(dense ? static_cast<std::size_t>(vocabulary_size * vocabulary_size) : 0, 0);
    std::unordered_map<std::int64_t, std::int64_t> pairs;
    std::int64_t before = -1;
    each_token(tokens, [&](std::int64_t token) {
        if (before >= 0) {
            const std::int64_t pair = before * vocabulary_size + token;
            ++(dense ? table.at(static_cast<std::size_t>(pair)) : pairs[pair]);
        }
        before = token;
    });
    // H(b | a) = H(a, b) − H(a), a being every token but the last.
    const auto total = static_cast<double>(tokens.size() - 1);
    Surprise joint(total), first(total);
    for (const std::int64_t count : table) joint.add(count);
    for (const auto& [pair, count] : pairs) joint.add(count);
    std::vector<std::int64_t> firsts = counts_of(tokens, vocabulary_size);
    --firsts.at(static_cast<std::size_t>(tokens[tokens.size() - 1]));
    for (const std::int64_t count : firsts) first.add(count);
    return (joint.sum() - first.sum()) / total;
}

}  // namespace wavlab
