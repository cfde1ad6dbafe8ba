// SPDX-License-Identifier: GPL-3.0-or-later
// Figure files to figures.
#include "core/figure_file.h"

#include <fnmatch.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/run_folder.h"
#include "core/safe_file.h"
#include "core/toml_table_reader.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;

/// "5.5in", or a number of inches.
void read_length(TomlTableReader& reader, const char* key, std::optional<double>& inches) {
    const toml::node* node = reader.find(key);
    if (!node) return;
    if (node->is_number())
        inches = node->value<double>();
    else if (node->is_string())
        inches = reader.checked(key, [&] { return parse_figure_width(**node->as_string()); });
    else
        reader.fail(*node, fmt::format("{} = {}: must be a length such as \"5.5in\" or \"14cm\"", key, shown(*node)));
}

FigureLook read_look(TomlTableReader& reader) {
    FigureLook look;
    const auto check = [&](const char* key) { reader.checked(key, [&] { check_figure_look(look); }); };
    std::string venue = "free";
    reader.text("venue", venue);
    look = reader.checked("venue", [&] { return figure_look_of(venue); });
    std::optional<double> width;
    read_length(reader, "width", width);
    if (width) look.width_inches = *width;
    check("width");
    read_length(reader, "height", look.height_inches);
    check("height");
    reader.text("font", look.font);
    reader.read("font_size", look.font_points, "a number of points");
    check("font_size");
    reader.read("line_width", look.line_points, "a number of points");
    check("line_width");
    reader.text("palette", look.palette);
    check("palette");
    reader.text("color_map", look.color_map);
    check("color_map");
    reader.read("columns", look.columns, "a whole number");
    check("columns");
    reader.read("letters", look.letters, "true or false");
    reader.choice<FigureLegend>(
        "legend", look.legend,
        {{"shared", FigureLegend::shared}, {"panels", FigureLegend::panels}, {"none", FigureLegend::none}});
    reader.read("dpi", look.dots_per_inch, "a whole number");
    check("dpi");
    reader.choice<bool>("svg_text", look.text_as_paths, {{"text", false}, {"paths", true}});
    return look;
}

/// Throws InputError that names the line of a value that JSON lacks.
void require_finite(const TomlTableReader& reader, const toml::node& node) {
    if (const auto* number = node.as_floating_point(); number && !std::isfinite(**number))
        reader.fail(node, fmt::format("state: {} is no finite number", shown(node)));
    if (const auto* list = node.as_array())
        for (const toml::node& one : *list) require_finite(reader, one);
    if (const auto* table = node.as_table())
        for (const auto& [key, one] : *table) require_finite(reader, one);
}

std::string json_of(const TomlTableReader& reader, const toml::table& table) {
    require_finite(reader, table);
    std::ostringstream text;
    text << toml::json_formatter{table, toml::format_flags::allow_unicode_strings};
    try {
        return nlohmann::ordered_json::parse(text.str()).dump();
    } catch (const nlohmann::json::exception& problem) {
        reader.fail(table, fmt::format("state: cannot be read: {}", problem.what()));
    }
}

FigureAnnotation read_annotation(TomlTableReader& reader) {
    FigureAnnotation annotation;
    reader.read("x", annotation.x, "a number");
    reader.read("y", annotation.y, "a number");
    reader.required_text("text", annotation.text);
    return annotation;
}

FigurePanel read_panel(TomlTableReader& reader) {
    FigurePanel panel;
    reader.text("kind", panel.kind);
    reader.texts("runs", panel.runs);
    reader.text("title", panel.title);
    reader.read("step", panel.step, "a step from 0");
    reader.text("x_label", panel.x_label);
    reader.text("y_label", panel.y_label);
    if (const toml::node* state = reader.find("state")) {
        if (!state->is_table()) reader.fail(*state, "state: is written as [panel.state]");
        panel.state = json_of(reader, *state->as_table());
    }
    reader.tables(
        "annotation", [&](TomlTableReader& one) { panel.annotations.push_back(read_annotation(one)); },
        "[[panel.annotation]]");
    if (panel.kind.empty()) reader.fail("needs a kind, such as kind = \"loss\"");
    if (panel.runs.empty()) reader.fail("needs runs, such as runs = [\"wav-*\"]");
    if (panel.step && *panel.step < 0) reader.fail("step: must be a step from 0");
    return panel;
}

/// Whether it holds a pattern's characters.
bool is_pattern(const std::string& text) { return text.find_first_of("*?[") != std::string::npos; }

/// Run folders below `folder` whose names match.
std::vector<fs::path> matching_runs(const std::string& pattern, const fs::path& folder) {
    std::vector<fs::path> found;
    std::error_code unreadable;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, unreadable))
        if (::fnmatch(pattern.c_str(), entry.path().filename().c_str(), FNM_PERIOD) == 0 && is_run_folder(entry.path()))
            found.push_back(entry.path());
    std::sort(found.begin(), found.end(),
              [](const fs::path& a, const fs::path& b) { return ::strverscmp(a.c_str(), b.c_str()) < 0; });
    return found;
}

}  // namespace

FigureFile parse_figure(std::string_view text, const std::string& file_name) {
    const toml::table document = parse_document(text, file_name);
    FigureFile figure;
    TomlTableReader reader(document, "", file_name);
    const toml::table none;
    const toml::node* look = reader.find("figure");
    if (look && !look->is_table()) reader.fail(*look, "figure: is written as [figure]");
    TomlTableReader look_reader(look ? *look->as_table() : none, "[figure]", file_name);
    figure.look = read_look(look_reader);
    look_reader.texts("out", figure.out);
    look_reader.end();
    reader.tables("panel", [&](TomlTableReader& panel) { figure.panels.push_back(read_panel(panel)); });
    reader.end();
    if (figure.panels.empty())
        throw InputError(file_name + ": has no panel; each begins with [[panel]] and names a kind and runs");
    return figure;
}

FigureFile read_figure(const fs::path& file) {
    return parse_figure(read_file(file, largest_experiment_file), file.string());
}

std::vector<fs::path> figure_runs(const std::vector<std::string>& runs, const fs::path& folder) {
    std::vector<fs::path> found;
    for (const std::string& run : runs) {
        std::vector<fs::path> matching;
        const bool is_name = run.find('/') == std::string::npos;
        // A name may hold a pattern's characters.
        if (is_name && is_pattern(run) && !is_run_folder(folder / run)) {
            matching = matching_runs(run, folder);
            if (matching.empty()) throw InputError(fmt::format("no run matches '{}' in '{}'", run, folder.string()));
        } else {
            matching = {find_run(run, folder).path};
        }
        for (fs::path path : matching) {
            std::error_code unreadable;
            if (fs::is_symlink(path, unreadable)) path = fs::canonical(path);
            if (std::find(found.begin(), found.end(), path) == found.end()) found.push_back(std::move(path));
        }
    }
    return found;
}

}  // namespace wavlab
