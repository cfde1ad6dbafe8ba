// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/experiment.h"
#include "core/method.h"

namespace wavlab {

// What reading, checking and writing of experiment files share.

/// The value as TOML: strings quoted and escaped.
std::string toml_text(const OptionValue& value);

/// The value that an experiment has for a dotted key, as TOML; empty when it has none.
std::string value_text(const Experiment& experiment, const std::string& dotted_key);

/// " (did you mean 'layers'?)" for the known word nearest to a mistyped one; empty when none is near.
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

/// "steps, batch, lr": for messages.
std::string list_text(const std::vector<std::string>& words);

/// "; allowed are model.method, ...": the keys of the table that a dotted key names, else how keys look.
std::string allowed_keys(const std::string& dotted_key, const std::vector<std::string>& known);

/// The key and the value's text of `key=value`, as given with `--set`. Throws InputError.
std::pair<std::string, std::string_view> split_setting(std::string_view assignment);

/// Gives a dotted key a value that was found to be allowed. `line` is as in GivenKeys.
void set_value(Experiment& experiment, const std::string& dotted_key, const OptionValue& value, std::int64_t line);

/// The value with its `file:` path or path made absolute, for the keys that hold one.
OptionValue with_absolute_path(const std::string& dotted_key, OptionValue value, const std::filesystem::path& folder);

/// The text of to_toml with these options in [method], and without the keys named in `left_out`.
std::string experiment_toml(const Experiment& experiment, const OptionValues& method_options,
                            const std::vector<std::string>& left_out = {});

/// Empty when the option can stand in [method] with this value. `chosen` may be null.
std::optional<std::string> problem_with_method_option(const MethodDescriptor* chosen, const std::string& key,
                                                      const OptionValue& value);

/// The keys of all methods' options, each once.
std::vector<std::string> method_option_keys();

}  // namespace wavlab
