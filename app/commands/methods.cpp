// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/model_loader.h"
#include "core/json_lines.h"
#include "core/method.h"
#include "core/option.h"

namespace wavlab {
namespace {

nlohmann::json to_json(const OptionValue& value) {
    return std::visit([](const auto& one) { return nlohmann::json(one); }, value);
}

nlohmann::json to_json(const Option& option) {
    nlohmann::json json{{"key", option.key},
                        {"default", to_json(option.default_value)},
                        {"allowed", allowed_values(option)},
                        {"help", option.help}};
    if (!option.unit.empty()) json["unit"] = option.unit;
    if (!option.choices.empty()) json["choices"] = option.choices;
    if (option.minimum) json["minimum"] = *option.minimum;
    if (option.maximum) json["maximum"] = *option.maximum;
    return json;
}

void print_json(const MethodDescriptor& method) {
    nlohmann::json options = nlohmann::json::array();
    for (const Option& option : method.options) options.push_back(to_json(option));
    fmt::print("{}\n", json_line(nlohmann::json{{"method", method.id},
                                                {"title", method.title},
                                                {"summary", method.summary},
                                                {"formula", method.formula},
                                                {"citation", method.citation},
                                                {"routed", method.routed()},
                                                {"options", options}}));
}

void print_text(const MethodDescriptor& method) {
    fmt::print("{}  ({})\n  {}\n  {}\n  {}\n", method.id, method.title, method.formula, method.summary,
               method.citation);
    for (const Option& option : method.options)
        fmt::print("    {} = {}   {}{}{}\n        {}\n", option.key, to_text(option.default_value),
                   allowed_values(option), option.unit.empty() ? "" : ", in ", option.unit, option.help);
    fmt::print("\n");
}

CommandAction declare(CLI::App& app) {
    const auto json = std::make_shared<bool>(false);
    app.add_flag("--json", *json, "One JSON object a line");
    return [json](const CommandEnvironment&) {
        load_model_library();  // registers them
        for (const MethodDescriptor& method : MethodRegistry::all()) *json ? print_json(method) : print_text(method);
        return ExitCode::done;
    };
}

const Registration<CommandDescriptor> registration{{"methods", 31, "List the methods and their options", declare}};

}  // namespace
}  // namespace wavlab
