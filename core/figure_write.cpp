// SPDX-License-Identifier: GPL-3.0-or-later
// Figures to figure files.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/experiment_text.h"
#include "core/figure_file.h"
#include "core/number_text.h"

namespace wavlab {
namespace {

std::string quoted(const std::string& text) { return toml_text(OptionValue(text)); }

std::string list_of(const std::vector<std::string>& texts) {
    std::string list;
    for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + quoted(text);
    return "[" + list + "]";
}

/// A JSON value as TOML on one line; empty for null, which TOML lacks.
std::string toml_of(const nlohmann::ordered_json& value) {
    std::string inner;
    switch (value.type()) {
        case nlohmann::ordered_json::value_t::string:
            return quoted(value.get<std::string>());
        case nlohmann::ordered_json::value_t::number_float:
            return toml_text(OptionValue(value.get<double>()));
        case nlohmann::ordered_json::value_t::array:
            for (const auto& one : value)
                if (const std::string text = toml_of(one); !text.empty()) inner += (inner.empty() ? "" : ", ") + text;
            return "[" + inner + "]";
        case nlohmann::ordered_json::value_t::object:
            for (const auto& [key, one] : value.items())
                if (const std::string text = toml_of(one); !text.empty())
                    inner += (inner.empty() ? "" : ", ") + quoted(key) + " = " + text;
            return "{" + (inner.empty() ? "" : " " + inner + " ") + "}";
        case nlohmann::ordered_json::value_t::null:
            return {};
        default:
            return value.dump();
    }
}

std::string look_toml(const FigureFile& figure) {
    const FigureLook &look = figure.look, venue = figure_look_of(look.venue);
    std::string text = "[figure]\nvenue = " + quoted(look.venue) + "\n";
    const auto add = [&](bool differs, const char* key, const std::string& value) {
        if (differs) text += fmt::format("{} = {}\n", key, value);
    };
    add(look.width_inches != venue.width_inches, "width", number_text(look.width_inches));
    add(look.height_inches.has_value(), "height", number_text(look.height_inches.value_or(0)));
    add(look.font != venue.font, "font", quoted(look.font));
    add(look.font_points != venue.font_points, "font_size", number_text(look.font_points));
    add(look.line_points != venue.line_points, "line_width", number_text(look.line_points));
    add(look.palette != venue.palette, "palette", quoted(look.palette));
    add(look.color_map != venue.color_map, "color_map", quoted(look.color_map));
    add(look.columns != venue.columns, "columns", std::to_string(look.columns));
    add(look.letters != venue.letters, "letters", look.letters ? "true" : "false");
    add(look.legend != venue.legend, "legend", quoted(to_string(look.legend)));
    add(look.dots_per_inch != venue.dots_per_inch, "dpi", std::to_string(look.dots_per_inch));
    add(look.text_as_paths, "svg_text", quoted("paths"));
    add(!figure.out.empty(), "out", list_of(figure.out));
    return text;
}

}  // namespace

std::string figure_toml(const FigureFile& figure) {
    std::string text = "# A figure of WAV Lab; draw it with: wavlab figure FILE.toml\n" + look_toml(figure);
    for (const FigurePanel& panel : figure.panels) {
        text += fmt::format("\n[[panel]]\nkind = {}\nruns = {}\n", quoted(panel.kind), list_of(panel.runs));
        if (!panel.title.empty()) text += fmt::format("title = {}\n", quoted(panel.title));
        if (panel.step) text += fmt::format("step = {}\n", *panel.step);
        if (panel.x_label) text += fmt::format("x_label = {}\n", quoted(*panel.x_label));
        if (panel.y_label) text += fmt::format("y_label = {}\n", quoted(*panel.y_label));
        const auto state = nlohmann::ordered_json::parse(panel.state);
        if (!state.empty()) text += "[panel.state]\n";
        for (const auto& [key, value] : state.items())
            if (const std::string one = toml_of(value); !one.empty()) text += quoted(key) + " = " + one + "\n";
        for (const FigureAnnotation& annotation : panel.annotations)
            text += fmt::format("[[panel.annotation]]\nx = {}\ny = {}\ntext = {}\n", number_text(annotation.x),
                                number_text(annotation.y), quoted(annotation.text));
    }
    return text;
}

}  // namespace wavlab
