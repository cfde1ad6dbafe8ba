// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/routing/routing_plan.h"

#include <algorithm>
#include <utility>

#include "model/random.h"

namespace wavlab {

namespace {

std::vector<int> draw_block_signs(std::int64_t length, std::uint64_t key) {
    std::vector<int> signs;
    if (length == 1) return {1};
    const int first = random_bits(key, 0) % 2 == 0 ? 1 : -1;
    signs = {first, -first};
    const std::int64_t rest = length - 2;
    for (std::int64_t i = 0; i < rest; ++i) signs.push_back(i < (rest + 1) / 2 ? 1 : -1);
    for (std::int64_t i = rest - 1; i > 0; --i) {  // Fisher-Yates
        const auto j = static_cast<std::int64_t>(random_uniform(key, static_cast<std::uint64_t>(i)) * (i + 1));
        std::swap(signs[static_cast<std::size_t>(2 + i)], signs[static_cast<std::size_t>(2 + j)]);
    }
    return signs;
}

}  // namespace

DetailSigns draw_detail_signs(const BlockLayout& blocks, std::uint64_t seed) {
    const std::uint64_t key = random_key(seed, "routing.detail_sign");
    DetailSigns rows(2);
    for (std::size_t row = 0; row < rows.size(); ++row) {
        for (std::int64_t block = 1; block <= blocks.block_count(); ++block) {
            const std::uint64_t block_key = child_key(child_key(key, row), static_cast<std::uint64_t>(block));
            const std::vector<int> signs = draw_block_signs(blocks.length(block), block_key);
            rows[row].insert(rows[row].end(), signs.begin(), signs.end());
        }
    }
    return rows;
}

std::vector<double> balanced_coefficients(const std::vector<int>& signs) {
    const auto count = static_cast<double>(signs.size());
    const auto plus = static_cast<double>(std::count_if(signs.begin(), signs.end(), [](int s) { return s > 0; }));
    const double minus = count - plus;
    if (plus == 0 || minus == 0) return {};
    std::vector<double> coefficients;
    for (const int sign : signs) coefficients.push_back(sign > 0 ? count / (2 * plus) : -count / (2 * minus));
    return coefficients;
}

std::vector<double> detail_coefficients(const BlockLayout& blocks, const RoutingSettings& settings,
                                        const DetailSigns* signs, std::int64_t row, std::int64_t block,
                                        std::int64_t done) {
    const std::int64_t first = blocks.first_sublayer(block);
    if (settings.detail == DetailKind::random_sign) {
        std::vector<int> chosen;
        for (std::int64_t i = 0; i < done; ++i)
            chosen.push_back(signs ? (*signs)[static_cast<std::size_t>(row)][static_cast<std::size_t>(first - 1 + i)]
                                   : (i == 0 ? 1 : -1));
        return balanced_coefficients(chosen);
    }
    return row == phase_row ? phase_coefficients(first, done) : split_coefficients(blocks.length(block), done);
}

RoutingLayout make_routing_layout(const BlockLayout& blocks, const RoutingSettings& settings,
                                  const DetailSigns* signs) {
    const auto exists = [&](std::int64_t row, std::int64_t block, std::int64_t done) {
        const bool wanted = row == phase_row ? settings.phase : settings.split;
        return wanted && !detail_coefficients(blocks, settings, signs, row, block, done).empty();
    };
    RoutingLayout layout;
    std::vector<Source> completed = {{SourceKind::embedding, 0}};
    layout.routers.push_back(completed);
    for (std::int64_t sublayer = 1; sublayer <= blocks.sublayers(); ++sublayer) {  // after which the next router reads
        const std::int64_t block = blocks.block_of(sublayer);
        const std::int64_t done = sublayer - blocks.first_sublayer(block) + 1;
        if (blocks.completes_block(sublayer)) {
            completed.push_back({SourceKind::block, block});
            if (exists(phase_row, block, done)) completed.push_back({SourceKind::phase, block});
            if (exists(split_row, block, done)) completed.push_back({SourceKind::split, block});
            layout.routers.push_back(completed);
            continue;
        }
        std::vector<Source> sources = completed;
        sources.push_back({SourceKind::partial, 0});
        if (settings.online && exists(phase_row, block, done)) sources.push_back({SourceKind::phase_partial, 0});
        if (settings.online && exists(split_row, block, done)) sources.push_back({SourceKind::split_partial, 0});
        layout.routers.push_back(std::move(sources));
    }
    return layout;
}

std::int64_t routing_parameters(std::int64_t layers, std::int64_t width, const RoutingSettings& settings) {
    const std::int64_t biases = settings.has_detail_bias && settings.bias_learned ? 2 : 0;
    const std::int64_t per_router = width + (settings.key_gain ? width : 0) + biases;
    return (2 * layers + 1) * per_router;
}

}  // namespace wavlab
