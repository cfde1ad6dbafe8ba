// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <list>
#include <memory>
#include <utility>
#include <vector>

namespace wavlab {

/// The steps at which there are frames of one kind, and the frames that are in memory: the newest one, and a bounded
/// number of those that were used last.
template <class Frame>
class FrameIndex {
public:
    static constexpr std::size_t most_cached = 64;

    const std::vector<std::int64_t>& steps() const { return steps_; }

    void add_step(std::int64_t step) {
        const auto place = std::lower_bound(steps_.begin(), steps_.end(), step);
        if (place == steps_.end() || *place != step)
            steps_.insert(place, step);
        else
            forget([step](std::int64_t cached) { return cached == step; });
    }

    void add(const Frame& frame) {
        add_step(frame.step);
        keep(frame.step, std::make_shared<const Frame>(frame));
    }

    void drop_after(std::int64_t step) {
        steps_.erase(std::upper_bound(steps_.begin(), steps_.end(), step), steps_.end());
        forget([step](std::int64_t cached) { return cached > step; });
    }

    /// From memory, else from `load(step)` (an optional), which is then kept.
    template <class Load>
    std::shared_ptr<const Frame> find(std::int64_t step, Load load) {
        if (!std::binary_search(steps_.begin(), steps_.end(), step)) return nullptr;
        for (auto entry = cache_.begin(); entry != cache_.end(); ++entry) {
            if (entry->first != step) continue;
            cache_.splice(cache_.begin(), cache_, entry);
            return entry->second;
        }
        auto frame = load(step);
        if (!frame) return nullptr;
        auto shared = std::make_shared<const Frame>(std::move(*frame));
        keep(step, shared);
        return shared;
    }

    std::size_t cached() const { return cache_.size(); }

private:
    void keep(std::int64_t step, std::shared_ptr<const Frame> frame) {
        cache_.emplace_front(step, std::move(frame));
        if (cache_.size() <= most_cached + 1) return;
        auto oldest = std::prev(cache_.end());
        if (oldest->first == steps_.back()) --oldest;
        cache_.erase(oldest);
    }

    template <class Condition>
    void forget(Condition condition) {
        cache_.remove_if([&](const auto& entry) { return condition(entry.first); });
    }

    std::vector<std::int64_t> steps_;                                         ///< ascending
    std::list<std::pair<std::int64_t, std::shared_ptr<const Frame>>> cache_;  ///< last used first
};

}  // namespace wavlab
