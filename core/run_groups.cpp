// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_groups.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include "core/grouped_statistics.h"
#include "core/method.h"

namespace wavlab {

namespace {

using Settings = std::map<std::string, OptionValue>;

constexpr const char* method_key = "model.method";

/// All settings of a run by dotted key, without name and seed.
Settings settings_of(const Experiment& run, const std::vector<ExperimentField>& fields) {
    Settings settings;
    for (const ExperimentField& field : fields) {
        const std::string key = field.dotted_key();
        const bool counts = !field.applies || field.applies(run);
        if (counts && key != "name" && key != "seed" && key != "schema") settings.emplace(key, field.get(run));
    }
    if (MethodRegistry::find(run.model.method))
        for (auto& [key, value] : resolved_method_options(run)) settings.emplace("method." + key, std::move(value));
    else  // of another version
        for (const auto& [key, value] : run.method) settings.emplace("method." + key, value);
    return settings;
}

std::vector<Settings> settings_of(std::span<const Experiment* const> runs) {
    const std::vector<ExperimentField> fields = experiment_fields();
    std::vector<Settings> all;
    for (const Experiment* run : runs) all.push_back(settings_of(*run, fields));
    return all;
}

std::optional<OptionValue> value_of(const Settings& settings, const std::string& key) {
    const auto found = settings.find(key);
    return found == settings.end() ? std::nullopt : std::optional(found->second);
}

/// `across_methods`: options count that two methods share and have with different values.
std::vector<std::string> differing(const std::vector<Settings>& runs, bool across_methods) {
    std::vector<std::string> keys;
    for (const ExperimentField& field : experiment_fields()) keys.push_back(field.dotted_key());
    std::map<std::string, bool> others;
    for (const Settings& settings : runs)
        for (const auto& [key, value] : settings)
            if (std::find(keys.begin(), keys.end(), key) == keys.end()) others[key] = true;
    // As in the file: the method's options come after the model's.
    auto place =
        std::find_if(keys.begin(), keys.end(), [](const std::string& key) { return key.starts_with("data."); });
    for (const auto& [key, there] : others) place = std::next(keys.insert(place, key));
    std::erase_if(keys, [&](const std::string& key) {
        // What only another method has, or has another default for, is the method's difference.
        std::map<std::string, std::optional<OptionValue>> first;
        for (const Settings& settings : runs) {
            const bool shared = key == method_key || !key.starts_with("method.") || across_methods;
            const std::string method = shared ? "" : to_text(settings.at(method_key));
            const std::optional<OptionValue> value = value_of(settings, key);
            if (!value && shared && key.starts_with("method.")) continue;
            if (const auto [known, is_first] = first.emplace(method, value); !is_first && known->second != value)
                return false;
        }
        return true;
    });
    return keys;
}

/// Sorts before others by kind, then number, then text.
using SortKey = std::vector<std::tuple<int, double, std::string>>;

std::tuple<int, double, std::string> sort_key(const std::optional<OptionValue>& value) {
    if (!value) return {0, 0, ""};
    if (const auto* truth = std::get_if<bool>(&*value)) return {1, *truth ? 1 : 0, ""};
    if (const auto* whole = std::get_if<std::int64_t>(&*value)) return {1, double(*whole), ""};
    if (const auto* real = std::get_if<double>(&*value)) return {1, *real, ""};
    return {2, 0, std::get<std::string>(*value)};
}

bool same_prefix(const SeriesView& a, const SeriesView& b, std::size_t count) {
    return std::equal(a.positions.begin(), a.positions.begin() + std::ptrdiff_t(count), b.positions.begin());
}

std::vector<double> shared_positions(std::span<const SeriesView> runs) {
    std::vector<double> shared(runs[0].positions.begin(), runs[0].positions.end()), next;
    for (const SeriesView& run : runs.subspan(1)) {
        next.clear();
        std::set_intersection(shared.begin(), shared.end(), run.positions.begin(), run.positions.end(),
                              std::back_inserter(next));
        std::swap(shared, next);
    }
    return shared;
}

/// The run's values at ascending positions inside its range, linear between its own.
std::vector<double> values_at(const SeriesView& run, const std::vector<double>& positions) {
    std::vector<double> values;
    values.reserve(positions.size());
    std::size_t i = 0;
    for (const double position : positions) {
        while (i + 1 < run.positions.size() && run.positions[i + 1] <= position) ++i;
        const double before = run.positions[i];
        if (before == position || i + 1 == run.positions.size()) {
            values.push_back(run.values[i]);
            continue;
        }
        const double share = (position - before) / (run.positions[i + 1] - before);
        values.push_back(run.values[i] + share * (run.values[i + 1] - run.values[i]));
    }
    return values;
}

/// Mean and deviation of the runs' values, which belong to the curve's positions one by one.
void average(GroupCurve& curve, std::span<const std::span<const double>> values) {
    const std::size_t count = curve.positions.size();
    const double n = double(values.size());
    // Sums of the distances to the first run: numbers of one size do not cancel.
    std::vector<double> sum(count), squares(count);
    const std::span<const double> origin = values[0];
    for (const std::span<const double> run : values.subspan(1))
        for (std::size_t i = 0; i < count; ++i) {
            const double distance = run[i] - origin[i];
            sum[i] += distance;
            squares[i] += distance * distance;
        }
    curve.mean.resize(count);
    curve.deviation.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        const double shift = sum[i] / n;
        const double mean = origin[i] + shift;
        const double variance = (squares[i] - sum[i] * shift) / (n - 1);
        curve.mean[i] = std::isfinite(mean) ? mean : std::nan("");
        curve.deviation[i] = std::isfinite(mean) && n > 1 ? std::sqrt(std::max(0.0, variance)) : std::nan("");
    }
}

}  // namespace

std::vector<std::string> differing_settings(std::span<const Experiment* const> runs) {
    return runs.empty() ? std::vector<std::string>() : differing(settings_of(runs), true);
}

std::vector<std::string> grouping_keys(std::span<const Experiment* const> runs) {
    std::vector<std::string> keys;
    for (const ExperimentField& field : experiment_fields()) {
        const std::string key = field.dotted_key();
        if (key != "schema" && key != "name" && key != "seed") keys.push_back(key);
    }
    std::set<std::string> of_methods;
    for (const MethodDescriptor& method : MethodRegistry::all())
        for (const Option& option : method.options) of_methods.insert("method." + option.key);
    for (const Experiment* run : runs)
        for (const auto& [option, value] : run->method) of_methods.insert("method." + option);
    keys.insert(keys.end(), of_methods.begin(), of_methods.end());
    return keys;
}

std::string RunGroup::id() const {
    std::string id;
    for (const auto& [key, value] : settings) id += (id.empty() ? "" : ", ") + key + "=" + value;
    return id;
}

std::vector<RunGroup> group_runs(std::span<const Experiment* const> runs, const std::string& key) {
    if (runs.empty()) return {};
    const std::vector<Settings> settings = settings_of(runs);
    const std::vector<std::string> keys =
        key == all_settings ? differing(settings, false) : std::vector<std::string>{key};
    std::map<SortKey, RunGroup> groups;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        SortKey order;
        for (const std::string& one : keys) order.push_back(sort_key(value_of(settings[i], one)));
        RunGroup& group = groups[order];
        group.members.push_back(i);
        if (group.members.size() > 1) continue;
        for (const std::string& one : keys) {
            const std::optional<OptionValue> value = value_of(settings[i], one);
            group.settings.emplace_back(one, value ? to_text(*value) : "");
        }
    }
    std::vector<RunGroup> sorted;
    for (auto& [order, group] : groups) sorted.push_back(std::move(group));
    return sorted;
}

GroupCurve group_curve(std::span<const SeriesView> all) {
    std::vector<SeriesView> runs;
    for (const SeriesView& run : all)
        if (!run.positions.empty()) runs.push_back(run);
    GroupCurve curve;
    curve.n = runs.size();
    if (runs.empty()) return curve;

    double start = -INFINITY, end = INFINITY;
    std::size_t shortest = runs[0].positions.size();
    for (const SeriesView& run : runs) {
        start = std::max(start, run.positions.front());
        end = std::min(end, run.positions.back());
        shortest = std::min(shortest, run.positions.size());
    }
    std::vector<std::span<const double>> values;
    const bool aligned = std::all_of(runs.begin(), runs.end(),
                                     [&](const SeriesView& run) { return same_prefix(run, runs[0], shortest); });
    if (aligned) {
        const auto first = runs[0].positions.begin();
        curve.positions.assign(first, first + std::ptrdiff_t(shortest));
        for (const SeriesView& run : runs) values.push_back(run.values.first(shortest));
        average(curve, values);
        return curve;
    }

    std::size_t fewest = shortest;
    std::vector<double> densest;
    for (const SeriesView& run : runs) {
        const auto low = std::lower_bound(run.positions.begin(), run.positions.end(), start);
        const auto high = std::upper_bound(low, run.positions.end(), end);
        fewest = std::min(fewest, std::size_t(high - low));
        if (std::size_t(high - low) > densest.size()) densest.assign(low, high);
    }
    curve.positions = shared_positions(runs);
    curve.interpolated = curve.positions.size() < 2 || 2 * curve.positions.size() < fewest;
    if (curve.interpolated) curve.positions = std::move(densest);
    if (curve.positions.empty()) return curve;
    std::vector<std::vector<double>> read;
    for (const SeriesView& run : runs) read.push_back(values_at(run, curve.positions));
    for (const std::vector<double>& one : read) values.push_back(one);
    average(curve, values);
    return curve;
}

double interval_factor(std::size_t n) {
    if (n < 2) return std::nan("");
    return student_t_quantile(0.975, double(n - 1)) / std::sqrt(double(n));
}

}  // namespace wavlab
