// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wavlab {

using OptionValue = std::variant<bool, std::int64_t, double, std::string>;

/// One option as data: the form, the command line, the experiment file and `wavlab methods` all come from it.
/// The type is that of the default value.
struct Option {
    std::string key{};    ///< as in the experiment file, e.g. "block_size"
    std::string label{};  ///< as in the form, e.g. "Block size"
    OptionValue default_value{};
    std::string help{};  ///< what it does, one or two sentences, with its formula where it has one
    std::string unit{};  ///< "sublayers", "tokens", ...; empty where there is none
    std::optional<double> minimum{};
    std::optional<double> maximum{};
    bool minimum_excluded = false;       ///< the range is open at the minimum
    std::vector<std::string> choices{};  ///< for text options; empty: any text
    bool other_text_allowed = false;     ///< `choices` are suggestions only ("cuda:1", "file:PATH")
    bool holds_path = false;             ///< a text option that names a file; relative ones start at the experiment's
};

using OptionValues = std::map<std::string, OptionValue>;

/// "a whole number from 1 to 512", "one of token, tensor, off", "true or false".
std::string allowed_values(const Option& option);

/// Empty when `value` has the option's type and lies in its range; else what is allowed, as a sentence part.
/// A whole number is accepted for a real option. NaN and infinities are never in range.
std::optional<std::string> problem_with(const Option& option, const OptionValue& value);

/// Reads a value as typed on a command line or in a form. Empty when it is not of the option's type.
std::optional<OptionValue> parse_option_value(const Option& option, std::string_view text);

/// The value as it would stand in the experiment file (strings without quotes), shortest exact form.
std::string to_text(const OptionValue& value);

/// The value of `key` in `values`, else the default of the option with that key.
/// Throws WorkError when no option has the key.
OptionValue value_or_default(const std::vector<Option>& options, const OptionValues& values, std::string_view key);

template <class T>
T get_option(const std::vector<Option>& options, const OptionValues& values, std::string_view key) {
    return std::get<T>(value_or_default(options, values, key));
}

}  // namespace wavlab
