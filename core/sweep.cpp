// SPDX-License-Identifier: GPL-3.0-or-later
// A sweep's grid of runs.
#include "core/sweep.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <map>
#include <set>

#include "core/error.h"
#include "core/experiment_text.h"
#include "core/method.h"

namespace wavlab {

namespace {

constexpr std::string_view method_table = "method.";
constexpr std::size_t longest_name = 100;  // bytes, as for every experiment

/// What is safe and readable in a folder's name on any system.
std::string name_part(std::string_view text) {
    std::string part;
    for (const char c : text) {
        const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-' || c == '+';
        part += plain ? c : '_';
    }
    return part;
}

/// "wav", "layers12", "phase", "no_phase", "rms_match_off", "seed1".
std::string setting_name(const std::string& key, const OptionValue& value) {
    const std::string last = key.substr(key.rfind('.') + 1);
    if (const auto* flag = std::get_if<bool>(&value)) return (*flag ? "" : "no_") + last;
    if (const auto* text = std::get_if<std::string>(&value)) {
        if (key == "model.method") return name_part(*text);
        const bool path = key == "data.validation" || text->starts_with("file:");
        return last + "_" +
               name_part(path ? std::filesystem::path(text->substr(text->find(':') + 1)).stem().string() : *text);
    }
    std::string number = to_text(value);
    if (number.ends_with(".0")) number.resize(number.size() - 2);
    return last + name_part(number);
}

/// FNV-1a: tells names apart that had to be cut.
std::string short_hash(std::string_view text) {
    std::uint32_t hash = 2166136261u;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    char digits[9];
    std::snprintf(digits, sizeof digits, "%08x", static_cast<unsigned>(hash));
    return digits;
}

std::string point_name(const std::string& base, const SweepSettings& settings, std::set<std::string>& taken) {
    std::string name = base;
    for (const auto& [key, value] : settings) name += "-" + setting_name(key, value);
    const auto shortened = [](std::string text, const std::string& ending) {
        std::size_t length = std::min(text.size(), longest_name - ending.size());
        while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;  // whole characters
        return text.substr(0, length) + ending;
    };
    if (name.size() > longest_name) name = shortened(name, "-" + short_hash(name));
    std::string free = name;
    for (int number = 2; !taken.insert(free).second; ++number) free = shortened(name, "-" + std::to_string(number));
    return free;
}

/// The settings that count for a method: [method] options that it lacks are ignored, as in any experiment.
SweepSettings counting(const SweepSettings& settings, const MethodDescriptor* method) {
    SweepSettings kept;
    for (const auto& setting : settings) {
        const bool option = setting.first.starts_with(method_table);
        const auto has_it = [&](const Option& o) { return setting.first.substr(method_table.size()) == o.key; };
        if (!option || !method || std::any_of(method->options.begin(), method->options.end(), has_it))
            kept.push_back(setting);
    }
    return kept;
}

/// The combination with this number: the last axis varies fastest.
SweepSettings combination(const Sweep& sweep, std::size_t number) {
    SweepSettings settings;
    for (auto axis = sweep.axes.rbegin(); axis != sweep.axes.rend(); ++axis) {
        settings.emplace_back(axis->key, axis->values[number % axis->values.size()]);
        number /= axis->values.size();
    }
    std::reverse(settings.begin(), settings.end());
    return settings;
}

void require_axes(const Sweep& sweep) {
    const std::string place = sweep.file_name.empty() ? "" : sweep.file_name + ": ";
    std::set<std::string> keys;
    for (const SweepAxis& axis : sweep.axes) {
        std::string problem = problem_with_axis(axis);
        if (problem.empty() && !keys.insert(axis.key).second) problem = axis.key + " is varied twice";
        if (!problem.empty()) throw InputError(place + problem);
    }
    if (combinations(sweep) > most_sweep_points)
        throw InputError(place + "the sweep has more than " + std::to_string(most_sweep_points) +
                         " combinations; vary fewer options or fewer values at once");
}

void require_valid_point(const SweepPoint& point, const Sweep& sweep) {
    const std::vector<ExperimentProblem> found = problems(point.experiment);
    if (found.empty()) return;
    std::string place;
    const auto given = point.experiment.given.lines.find(found.front().key);
    if (!sweep.file_name.empty()) {
        place = sweep.file_name;
        if (given != point.experiment.given.lines.end() && given->second > 0)
            place += ", line " + std::to_string(given->second);
        place += ": ";
    }
    const std::string named = point.settings.empty() ? "" : "in the run " + settings_text(point.settings) + ": ";
    throw InputError(place + named + found.front().message);
}

}  // namespace

std::string settings_text(const SweepSettings& settings) {
    std::string text;
    for (const auto& [key, value] : settings) text += (text.empty() ? "" : ", ") + key + " = " + to_text(value);
    return text;
}

std::string run_identity(const Experiment& experiment) {
    OptionValues options = resolved_method_options(experiment);
    return experiment_toml(experiment, options, {"name", "train.device"});
}

std::size_t combinations(const Sweep& sweep) {
    std::size_t count = 1;
    for (const SweepAxis& axis : sweep.axes) {
        count *= axis.values.size();
        if (count > most_sweep_points) return most_sweep_points + 1;
    }
    return count;
}

std::vector<SweepPoint> expand(const Sweep& sweep) {
    std::vector<SweepPoint> points = lay_out(sweep);
    for (const SweepPoint& point : points) require_valid_point(point, sweep);
    return points;
}

std::vector<SweepPoint> lay_out(const Sweep& sweep) {
    require_axes(sweep);
    std::vector<SweepPoint> points;
    std::map<std::string, std::size_t> by_identity;
    std::set<std::string> names;
    Experiment base = sweep.base;
    // All that is varied counts as given, so that no default follows another option over it.
    for (const SweepAxis& axis : sweep.axes) base.given.lines[axis.key] = axis.line;
    const std::size_t count = combinations(sweep);
    for (std::size_t number = 0; number < count; ++number) {
        SweepPoint point{combination(sweep, number), base, {}};
        for (const auto& [key, value] : point.settings) set_value(point.experiment, key, value, base.given.lines[key]);
        const SweepSettings all = std::exchange(
            point.settings, counting(point.settings, MethodRegistry::find(point.experiment.model.method)));
        const auto [same, is_new] = by_identity.try_emplace(run_identity(point.experiment), points.size());
        if (!is_new) {
            points[same->second].same.push_back(all);
            continue;
        }
        point.experiment.name = point_name(sweep.base.name, point.settings, names);
        points.push_back(std::move(point));
    }
    return points;
}

}  // namespace wavlab
