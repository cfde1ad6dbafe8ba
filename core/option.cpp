// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/option.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/number_text.h"

namespace wavlab {

namespace {

std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string bound_text(const Option& option, double bound) {
    if (std::holds_alternative<std::int64_t>(option.default_value)) return std::to_string(std::int64_t(bound));
    return number_text(bound);
}

std::string allowed_numbers(const Option& option) {
    const bool whole = std::holds_alternative<std::int64_t>(option.default_value);
    std::string text = whole ? "a whole number" : "a number";
    if (!option.minimum && !option.maximum) return text;
    if (option.minimum && option.minimum == option.maximum) return bound_text(option, *option.minimum);
    if (option.minimum && option.maximum && !option.minimum_excluded)
        return text + " from " + bound_text(option, *option.minimum) + " to " + bound_text(option, *option.maximum);
    if (option.minimum)
        text += (option.minimum_excluded ? " above " : " of at least ") + bound_text(option, *option.minimum);
    if (option.minimum && option.maximum) text += " and";
    if (option.maximum) text += (option.minimum ? " at most " : " of at most ") + bound_text(option, *option.maximum);
    return text;
}

bool in_range(const Option& option, double value) {
    if (!std::isfinite(value)) return false;
    if (option.minimum && (value < *option.minimum || (option.minimum_excluded && value == *option.minimum)))
        return false;
    return !option.maximum || value <= *option.maximum;
}

bool is_allowed(const Option& option, const OptionValue& value) {
    if (std::holds_alternative<double>(option.default_value)) {
        if (const auto* real = std::get_if<double>(&value)) return in_range(option, *real);
        if (const auto* whole = std::get_if<std::int64_t>(&value)) return in_range(option, double(*whole));
        return false;
    }
    if (value.index() != option.default_value.index()) return false;
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return in_range(option, double(*whole));
    if (const auto* text = std::get_if<std::string>(&value)) {
        if (option.choices.empty() || option.other_text_allowed) return true;
        return std::find(option.choices.begin(), option.choices.end(), *text) != option.choices.end();
    }
    return true;
}

}  // namespace

std::string allowed_values(const Option& option) {
    if (std::holds_alternative<bool>(option.default_value)) return "true or false";
    if (!std::holds_alternative<std::string>(option.default_value)) return allowed_numbers(option);
    if (option.choices.empty()) return "text";
    if (option.other_text_allowed) return "text, such as " + join(option.choices);
    return (option.choices.size() == 1 ? "" : "one of ") + join(option.choices);
}

std::optional<std::string> problem_with(const Option& option, const OptionValue& value) {
    if (is_allowed(option, value)) return std::nullopt;
    return "must be " + allowed_values(option);
}

std::optional<OptionValue> parse_option_value(const Option& option, std::string_view text) {
    if (std::holds_alternative<std::string>(option.default_value)) {
        const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
        return OptionValue(std::string(quoted ? text.substr(1, text.size() - 2) : text));
    }
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    if (std::holds_alternative<bool>(option.default_value)) {
        if (text == "true") return OptionValue(true);
        if (text == "false") return OptionValue(false);
        return std::nullopt;
    }
    if (std::holds_alternative<std::int64_t>(option.default_value)) {
        if (const auto whole = parse_whole_number(text)) return OptionValue(*whole);
        return std::nullopt;
    }
    if (const auto real = parse_number(text)) return OptionValue(*real);
    return std::nullopt;
}

std::string to_text(const OptionValue& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    std::string text = number_text(std::get<double>(value));
    // TOML tells real numbers from whole ones by the point or the exponent.
    if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
    return text;
}

OptionValue value_or_default(const std::vector<Option>& options, const OptionValues& values, std::string_view key) {
    const auto option = std::find_if(options.begin(), options.end(), [&](const Option& o) { return o.key == key; });
    if (option == options.end()) throw WorkError("no option is called '" + std::string(key) + "'");
    const auto given = values.find(std::string(key));
    if (given == values.end()) return option->default_value;
    const auto* whole = std::get_if<std::int64_t>(&given->second);
    if (whole && std::holds_alternative<double>(option->default_value)) return double(*whole);
    if (given->second.index() != option->default_value.index())
        throw WorkError("option '" + std::string(key) + "' has a value of another type");
    return given->second;
}

}  // namespace wavlab
