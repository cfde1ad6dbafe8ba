// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/sweep_option.h"

#include <algorithm>

#include "core/experiment.h"
#include "core/experiment_text.h"
#include "core/method.h"
#include "core/sweep.h"

namespace wavlab {

namespace {

constexpr std::string_view method_table = "method.";

}  // namespace

SweepOption::SweepOption(const std::string& dotted_key) : key_(dotted_key) {
    if (key_ == "name" || key_ == "schema" || key_ == "train.device") {
        problem_ = key_ == "name"     ? "cannot be varied: each run gets its name from its settings"
                   : key_ == "schema" ? "cannot be varied: it is the version of the file's form"
                                      : "cannot be varied: where a run is computed is no part of what it is";
        return;
    }
    std::vector<std::string> known;
    for (const ExperimentField& field : experiment_fields()) {
        if (field.dotted_key() == key_) {
            option_ = field.option;
            return;
        }
        known.push_back(field.dotted_key());
    }
    if (key_.starts_with(method_table))
        for (const MethodDescriptor& method : MethodRegistry::all())
            for (const Option& option : method.options)
                if (key_.substr(method_table.size()) == option.key) {
                    option_ = option;
                    return;
                }
    for (const std::string& key : method_option_keys()) known.push_back(std::string(method_table) + key);
    problem_ = "unknown key" + suggestion(key_, known) + allowed_keys(key_, known);
}

std::optional<std::string> SweepOption::problem_with(const OptionValue& value) const {
    // Methods may differ in what they allow: whether it fits each point's method is checked with the point.
    if (key_.starts_with(method_table))
        return problem_with_method_option(nullptr, key_.substr(method_table.size()), value);
    return wavlab::problem_with(option_, value);
}

OptionValue SweepOption::normal(const OptionValue& value) const {
    const auto* whole = std::get_if<std::int64_t>(&value);
    return whole && std::holds_alternative<double>(option_.default_value) ? OptionValue(double(*whole)) : value;
}

std::optional<OptionValue> SweepOption::parse(std::string_view text) const { return parse_option_value(option_, text); }

std::string problem_with_axis(const SweepAxis& axis) {
    const SweepOption option(axis.key);
    if (option.problem()) return axis.key + " " + *option.problem();
    if (axis.values.empty()) return axis.key + " must have at least one value, each " + option.allowed();
    for (auto value = axis.values.begin(); value != axis.values.end(); ++value) {
        if (const auto problem = option.problem_with(*value))
            return axis.key + " = " + toml_text(*value) + ": " + *problem;
        const auto same = [&](const OptionValue& other) { return option.normal(other) == option.normal(*value); };
        if (std::any_of(axis.values.begin(), value, same))
            return axis.key + " = " + toml_text(*value) + " is there twice";
    }
    return "";
}

}  // namespace wavlab
