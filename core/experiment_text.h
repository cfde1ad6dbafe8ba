// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
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

/// Empty when the option can stand in [method] with this value. `chosen` may be null.
std::optional<std::string> problem_with_method_option(const MethodDescriptor* chosen, const std::string& key,
                                                      const OptionValue& value);

/// The keys of all methods' options, each once.
std::vector<std::string> method_option_keys();

}  // namespace wavlab
