// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace wavlab {

/// Of recorded steps (ascending) at most `most` evenly chosen ones and the newest. As a run grows, steps only ever go:
/// what was read for fewer of them serves on.
inline std::vector<std::int64_t> thinned_steps(const std::vector<std::int64_t>& steps, std::size_t most) {
    std::size_t stride = 1;
    while (steps.size() / stride > std::max<std::size_t>(most, 2)) stride *= 2;
    std::vector<std::int64_t> chosen;
    for (std::size_t i = 0; i < steps.size(); i += stride) chosen.push_back(steps[i]);
    if (!steps.empty() && chosen.back() != steps.back()) chosen.push_back(steps.back());
    return chosen;
}

/// The edges of columns for these steps, halfway between neighbours.
inline std::vector<double> edges_between(const std::vector<std::int64_t>& steps) {
    std::vector<double> edges;
    if (steps.empty()) return edges;
    const double first = steps.size() > 1 ? double(steps[1] - steps[0]) / 2 : 0.5;
    edges.push_back(double(steps.front()) - first);
    for (std::size_t i = 1; i < steps.size(); ++i) edges.push_back(double(steps[i - 1] + steps[i]) / 2);
    const double last = steps.size() > 1 ? double(steps.back() - steps[steps.size() - 2]) / 2 : 0.5;
    edges.push_back(double(steps.back()) + last);
    return edges;
}

/// What a plot over time keeps of each frame of a run. Frames are read from the store a few at a time, so that the
/// window does not wait for them, first coarsely over the whole run, and only `Value` of them is kept.
template <class Value>
class FrameHistory {
public:
    using Read = std::function<std::optional<Value>(std::int64_t step)>;

    /// Begins anew with what this reads.
    void restart(Read read) {
        read_ = std::move(read);
        known_.clear();
        unreadable_.clear();
        missing_.clear();
        wanted_.clear();
    }

    /// From now on these steps (ascending) are kept.
    void want(std::vector<std::int64_t> steps) {
        if (steps == wanted_) return;
        wanted_ = std::move(steps);
        std::erase_if(known_, [&](const auto& entry) {
            return !std::binary_search(wanted_.begin(), wanted_.end(), entry.first);
        });
        missing_.clear();
        std::size_t stride = 1;
        while (stride * 2 < wanted_.size()) stride *= 2;
        std::vector<bool> listed(wanted_.size());
        for (; stride > 0; stride /= 2)
            for (std::size_t i = 0; i < wanted_.size(); i += stride)
                if (!listed[i]) {
                    listed[i] = true;
                    const std::int64_t step = wanted_[i];
                    if (!known_.contains(step) && !unreadable_.contains(step)) missing_.push_back(step);
                }
        std::reverse(missing_.begin(), missing_.end());  // taken from the end
    }
    const std::vector<std::int64_t>& wanted() const { return wanted_; }

    bool complete() const { return missing_.empty(); }
    /// Reads for about this long, at least one frame.
    void advance(std::chrono::milliseconds time) {
        const auto end = std::chrono::steady_clock::now() + time;
        while (!missing_.empty()) {
            const std::int64_t step = missing_.back();
            missing_.pop_back();
            if (auto value = read_(step))
                known_.emplace(step, std::move(*value));
            else
                unreadable_.insert(step);
            if (std::chrono::steady_clock::now() >= end) return;
        }
    }
    void finish() {
        while (!complete()) advance(std::chrono::hours(1));
    }

    /// Whether the last wanted frame up to this step was asked for and cannot be read.
    bool is_unreadable(std::int64_t step) const {
        const auto after = std::upper_bound(wanted_.begin(), wanted_.end(), step);
        return after != wanted_.begin() && unreadable_.contains(*std::prev(after));
    }
    /// Those of the wanted steps.
    std::vector<std::int64_t> unreadable() const {
        std::vector<std::int64_t> steps;
        std::set_intersection(wanted_.begin(), wanted_.end(), unreadable_.begin(), unreadable_.end(),
                              std::back_inserter(steps));
        return steps;
    }

    /// The last one read up to this step; null when there is none, and where one cannot be read: what was before does
    /// not stand for it.
    const Value* up_to(std::int64_t step) const {
        if (is_unreadable(step)) return nullptr;
        const auto after = known_.upper_bound(step);
        return after == known_.begin() ? nullptr : &std::prev(after)->second;
    }
    const std::map<std::int64_t, Value>& known() const { return known_; }

private:
    Read read_;
    std::vector<std::int64_t> wanted_;
    std::vector<std::int64_t> missing_;
    std::map<std::int64_t, Value> known_;
    std::set<std::int64_t> unreadable_;
};

}  // namespace wavlab
