// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/experiment.h"
#include "core/option.h"

namespace wavlab {

/// One option with several values. The key is dotted as in `--set`: "model.method", "method.phase", "seed".
struct SweepAxis {
    std::string key;
    std::vector<OptionValue> values;
    std::int64_t line = 0;  ///< of the file, for messages; 0: none. Not part of what a sweep is.

    friend bool operator==(const SweepAxis& a, const SweepAxis& b) { return a.key == b.key && a.values == b.values; }
};

/// An experiment and the options of it that are varied: every combination of the axes' values is one run.
struct Sweep {
    Experiment base;
    std::vector<SweepAxis> axes;
    std::string file_name{};  ///< for messages; may be empty

    friend bool operator==(const Sweep& a, const Sweep& b) { return a.base == b.base && a.axes == b.axes; }
};

/// Values of options, by dotted key, in the order of the axes.
using SweepSettings = std::vector<std::pair<std::string, OptionValue>>;

/// One run of a sweep.
struct SweepPoint {
    SweepSettings settings;  ///< without the [method] options that the point's method lacks
    Experiment experiment;   ///< its name is the sweep's with the settings: "wav-paper-wav-layers12-seed1"
    /// The further combinations that give this very run, because they differ only in options that its method lacks.
    std::vector<SweepSettings> same;
};

/// The most combinations that a sweep may have.
inline constexpr std::size_t most_sweep_points = 10'000;

/// Reads the text of a sweep file: an experiment with one more table, [sweep], of option names and lists of values. The
/// axes keep the order of the file. Throws InputError that names file, line, key, value and what is allowed.
Sweep parse_sweep(std::string_view toml, const std::string& file_name, const std::filesystem::path& folder);

/// `parse_sweep` of a file. Throws InputError when it cannot be read.
Sweep load_sweep(const std::filesystem::path& file);

/// Whether a file's text has a table [sweep]. False where it is not valid TOML.
bool is_sweep(std::string_view toml);

/// Applies one `--set key=value`. An option that is varied has that one value then; `key=[1, 2, 3]` varies it.
void apply_setting(Sweep& sweep, std::string_view assignment);

/// Empty when `key` can be varied and every value is allowed and there once; else a sentence for beside its field.
std::string problem_with_axis(const SweepAxis& axis);

/// The sweep as a file. `file:` paths are written absolute.
std::string to_toml(const Sweep& sweep);

/// How many combinations the axes have, before equal runs are made once; at most `most_sweep_points` + 1.
std::size_t combinations(const Sweep& sweep);

/// The grid as `expand` gives it, with points that could not be run: `problems` says what is wrong with each. Throws
/// InputError when the axes themselves cannot be read or there are too many points.
std::vector<SweepPoint> lay_out(const Sweep& sweep);

/// The grid: the first axis varies slowest. Combinations that would be the same run are there once, at the place of
/// the first. Throws InputError, naming the point, when one is no experiment that could be run, or there are too many.
std::vector<SweepPoint> expand(const Sweep& sweep);

/// "model.method = wav, seed = 1".
std::string settings_text(const SweepSettings& settings);

/// What makes two experiments the same run: everything but name and device, as text.
std::string run_identity(const Experiment& experiment);

}  // namespace wavlab
