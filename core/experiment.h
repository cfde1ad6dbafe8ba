// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/option.h"

namespace wavlab {

/// The experiment file (design §3, contract). Defaults are those of resources/experiments/default.toml.
struct ModelSettings {
    std::string method = "wav";
    std::int64_t layers = 12;
    std::int64_t width = 64;
    std::int64_t heads = 4;
    std::int64_t mlp_hidden = 256;  ///< a file that gives `width` but not this gets 4·width
    std::int64_t context = 128;
    double dropout = 0.0;

    friend bool operator==(const ModelSettings&, const ModelSettings&) = default;
};

struct DataSettings {
    std::string dataset = "toy-stories";
    std::string tokenizer = "char";
    std::string validation;         ///< a text file; empty: a part of the dataset
    std::int64_t size = 2'000'000;  ///< built-in dataset only: bytes
    std::int64_t seed = 1;          ///< built-in dataset only
    OptionValues tokenizer_options{};  ///< only those that differ from their default; options of any tokenizer

    friend bool operator==(const DataSettings&, const DataSettings&) = default;
};

struct TrainSettings {
    std::int64_t steps = 300;
    std::int64_t batch = 8;
    std::int64_t accumulate = 1;
    double lr = 1e-3;
    double min_lr = 1e-4;
    std::int64_t warmup = 20;
    double weight_decay = 0.1;
    double beta1 = 0.9;
    double beta2 = 0.95;
    double grad_clip = 1.0;  ///< 0: no clipping
    std::string precision = "fp32";
    std::string device = "auto";
    bool deterministic = false;
    std::int64_t eval_every = 50;  ///< 0: only at the start and after the last step
    std::int64_t eval_windows = 64;
    std::int64_t checkpoint_every = 100;  ///< 0: only after the last step
    std::int64_t checkpoint_keep = 2;     ///< newest ones kept beside the best and the last; 0: all
    std::int64_t record_every = 5;        ///< 0: never
    std::int64_t sample_every = 100;      ///< 0: never
    std::int64_t threads = 0;             ///< CPU threads; 0: all cores

    friend bool operator==(const TrainSettings&, const TrainSettings&) = default;
};

/// Where keys were given: the line of the file, or 0 for `--set`. It says where in messages, and which defaults follow
/// others. Not part of what an experiment is: any two are equal.
struct GivenKeys {
    std::map<std::string, std::int64_t> lines;  ///< by dotted key

    bool contains(const std::string& key) const { return lines.contains(key); }
    friend bool operator==(const GivenKeys&, const GivenKeys&) { return true; }
};

struct Experiment {
    std::int64_t schema = 1;
    std::string name = "wav-12";
    std::int64_t seed = 1337;
    ModelSettings model;
    OptionValues method;  ///< only what was given; options of any method (see resolved_method_options)
    DataSettings data;
    TrainSettings train;
    std::filesystem::path folder;  ///< where relative `file:` paths start; not part of the file
    GivenKeys given;

    friend bool operator==(const Experiment&, const Experiment&) = default;
};

/// One key outside [method]: its table ("" for the top), its description and how to reach it in an Experiment.
struct ExperimentField {
    std::string table;
    Option option;
    std::function<OptionValue(const Experiment&)> get;
    std::function<void(Experiment&, const OptionValue&)> set;
    /// Whether the key counts with what else is chosen; null: always. Files leave out what does not.
    std::function<bool(const Experiment&)> applies{};

    std::string dotted_key() const { return table.empty() ? option.key : table + "." + option.key; }
};

/// Every key of the file outside [method], in the order of the file. The choices of `model.method` come from the
/// method registry at the time of the call.
std::vector<ExperimentField> experiment_fields();

/// Something wrong with one key: "model.heads", and a sentence that says what and what is allowed.
struct ExperimentProblem {
    std::string key;
    std::string message;
};

/// Everything wrong with an experiment: ranges of single keys, and what must fit together (width divisible by heads,
/// width/heads even, min_lr ≤ lr, a known method, ...). Empty: it can be run.
std::vector<ExperimentProblem> problems(const Experiment& experiment);

/// The options of the chosen method, each with its value (given or default).
OptionValues resolved_method_options(const Experiment& experiment);

/// The options of the chosen tokenizer, each with its value (given or default), paths absolute.
OptionValues resolved_tokenizer_options(const Experiment& experiment);

/// One sentence for each [method] option that some other method has and the chosen one lacks (they are ignored).
std::vector<std::string> ignored_method_options(const Experiment& experiment);

/// Reads the text of an experiment file. `file_name` is used in messages. Throws InputError that names file, line,
/// key, value and what is allowed; what must fit together is checked by `require_valid`, after any `--set`.
Experiment parse_experiment(std::string_view toml, const std::string& file_name, const std::filesystem::path& folder);

/// `parse_experiment` of a file. Throws InputError when it cannot be read.
Experiment load_experiment(const std::filesystem::path& file);

/// Reads the experiment that a run or a checkpoint stored. It was checked when it was written, maybe by another version
/// or with methods that are not registered here: unknown keys are passed over, nothing is checked but the syntax.
Experiment parse_recorded_experiment(std::string_view toml);

/// Applies one `--set table.key=value`; the experiment is not checked as a whole until `require_valid`. A new
/// `model.width` changes `model.mlp_hidden` too, unless that was given.
void apply_setting(Experiment& experiment, std::string_view assignment);

/// Throws InputError with the first problem, if there is one: its message begins with file and line, or with `--set`,
/// where the key was given. `file_name` may be empty.
void require_valid(const Experiment& experiment, const std::string& file_name);

/// The experiment as a file: every key outside [method], and all resolved options of the chosen method. `file:`
/// paths are written absolute, so that the text means the same anywhere.
std::string to_toml(const Experiment& experiment);

/// Whether something that is done every so many steps is due after `step`. 0 means never.
inline bool is_due(std::int64_t step, std::int64_t every) { return every > 0 && step % every == 0; }

}  // namespace wavlab
