// SPDX-License-Identifier: GPL-3.0-or-later
// Figure files to figures.
#include "core/figure_file.h"

#include <fnmatch.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sstream>

#include <fmt/format.h>
#include <toml++/toml.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/experiment_text.h"
#include "core/experiment_toml.h"
#include "core/run_folder.h"
#include "core/safe_file.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;

/// Reads the keys of one table; what nobody asked for is an error.
class TableReader {
public:
    TableReader(const toml::table& table, std::string name, const std::string& file)
        : table_(table), name_(std::move(name)), file_(file) {}

    [[noreturn]] void fail(const toml::node& node, const std::string& what) const {
        throw InputError(fmt::format("{}, line {}: [{}] {}", file_, node.source().begin.line, name_, what));
    }

    /// What `work` gives; its InputError is told with file and line.
    template <class Work>
    auto checked(const toml::node& node, const Work& work) const {
        try {
            return work();
        } catch (const InputError& error) {
            fail(node, error.what());
        }
    }

    const toml::node* find(const char* key) {
        known_.emplace_back(key);
        return table_.get(key);
    }

    template <class Value>
    void read(const char* key, Value& value, const char* allowed) {
        const toml::node* node = find(key);
        if (!node) return;
        if (!take(*node, value)) fail(*node, fmt::format("{} = {}: must be {}", key, shown(*node), allowed));
    }
    void text(const char* key, std::string& value) { read(key, value, "text in quotes"); }
    void texts(const char* key, std::vector<std::string>& values) {
        read(key, values, "a list of texts, such as [\"a\", \"b\"]");
    }

    /// "5.5in", or a number of inches.
    void length(const char* key, std::optional<double>& inches) {
        const toml::node* node = find(key);
        if (!node) return;
        double number = 0;
        std::string words;
        if (take(*node, number))
            inches = number;
        else if (take(*node, words))
            inches = checked(*node, [&] { return parse_figure_width(words); });
        else
            fail(*node, fmt::format("{} = {}: must be a length such as \"5.5in\" or \"14cm\"", key, shown(*node)));
    }

    void end() const {
        for (const auto& [key, node] : table_) {
            const std::string name(key.str());
            if (std::find(known_.begin(), known_.end(), name) == known_.end())
                fail(node, fmt::format("'{}' is no key here{}; allowed are {}", name, suggestion(name, known_),
                                       list_text(known_)));
        }
    }

private:
    template <class Value>
    static bool take(const toml::node& node, std::optional<Value>& value) {
        Value inner{};
        if (!take(node, inner)) return false;
        value = std::move(inner);
        return true;
    }
    static bool take(const toml::node& node, std::string& value) {
        return node.is_string() && (value = **node.as_string(), true);
    }
    static bool take(const toml::node& node, bool& value) {
        return node.is_boolean() && (value = **node.as_boolean(), true);
    }
    static bool take(const toml::node& node, double& value) {
        return node.is_number() && (value = *node.value<double>(), std::isfinite(value));
    }
    static bool take(const toml::node& node, std::int64_t& value) {
        return node.is_integer() && (value = **node.as_integer(), true);
    }
    static bool take(const toml::node& node, int& value) {
        std::int64_t whole = 0;
        if (!take(node, whole) || whole < -100000 || whole > 100000) return false;
        value = static_cast<int>(whole);
        return true;
    }
    static bool take(const toml::node& node, std::vector<std::string>& values) {
        const toml::array* list = node.as_array();
        if (!list) return false;
        values.clear();
        for (const toml::node& one : *list) {
            if (!one.is_string()) return false;
            values.push_back(**one.as_string());
        }
        return true;
    }

    const toml::table& table_;
    std::string name_;
    const std::string& file_;
    std::vector<std::string> known_;
};

FigureLegend legend_of(const std::string& text) {
    for (const FigureLegend legend : {FigureLegend::shared, FigureLegend::panels, FigureLegend::none})
        if (text == to_string(legend)) return legend;
    throw InputError("'" + text + "' is no place of a legend; allowed are shared, panels, none");
}

FigureLook read_look(TableReader& reader, const toml::table& table) {
    std::string venue = "free";
    reader.text("venue", venue);
    FigureLook look = reader.checked(table, [&] { return figure_look_of(venue); });
    std::optional<double> width;
    reader.length("width", width);
    if (width) look.width_inches = *width;
    reader.length("height", look.height_inches);
    reader.text("font", look.font);
    reader.read("font_size", look.font_points, "a number of points");
    reader.read("line_width", look.line_points, "a number of points");
    reader.text("palette", look.palette);
    reader.text("color_map", look.color_map);
    reader.read("columns", look.columns, "a whole number");
    reader.read("letters", look.letters, "true or false");
    std::string legend = to_string(look.legend), svg_text = "text";
    reader.text("legend", legend);
    reader.read("dpi", look.dots_per_inch, "a whole number");
    reader.text("svg_text", svg_text);
    reader.checked(table, [&] {
        look.legend = legend_of(legend);
        if (svg_text != "text" && svg_text != "paths")
            throw InputError("svg_text = \"" + svg_text + "\": allowed are text and paths");
        check_figure_look(look);
        return 0;
    });
    look.text_as_paths = svg_text == "paths";
    return look;
}

std::string json_of(const toml::table& table) {
    std::ostringstream text;
    text << toml::json_formatter{table, toml::format_flags::none};
    return nlohmann::ordered_json::parse(text.str()).dump();
}

std::vector<FigureAnnotation> read_annotations(TableReader& panel, const std::string& file) {
    std::vector<FigureAnnotation> annotations;
    const toml::node* node = panel.find("annotation");
    if (!node) return annotations;
    if (!node->is_array_of_tables()) panel.fail(*node, "annotation: is written as [[panel.annotation]]");
    for (const toml::node& one : *node->as_array()) {
        TableReader reader(*one.as_table(), "panel.annotation", file);
        FigureAnnotation annotation;
        reader.read("x", annotation.x, "a number");
        reader.read("y", annotation.y, "a number");
        reader.text("text", annotation.text);
        reader.end();
        if (annotation.text.empty()) reader.fail(one, "needs a text");
        annotations.push_back(std::move(annotation));
    }
    return annotations;
}

FigurePanel read_panel(const toml::table& table, const std::string& file) {
    TableReader reader(table, "panel", file);
    FigurePanel panel;
    reader.text("kind", panel.kind);
    reader.texts("runs", panel.runs);
    reader.text("title", panel.title);
    reader.read("step", panel.step, "a step from 0");
    reader.read("x_label", panel.x_label, "text in quotes");
    reader.read("y_label", panel.y_label, "text in quotes");
    if (const toml::node* state = reader.find("state")) {
        if (!state->is_table()) reader.fail(*state, "state: is written as [panel.state]");
        panel.state = json_of(*state->as_table());
    }
    panel.annotations = read_annotations(reader, file);
    reader.end();
    if (panel.kind.empty()) reader.fail(table, "needs a kind, such as kind = \"loss\"");
    if (panel.runs.empty()) reader.fail(table, "needs runs, such as runs = [\"wav-*\"]");
    if (panel.step && *panel.step < 0) reader.fail(table, "step: must be a step from 0");
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
    TableReader reader(document, "file", file_name);
    const toml::table none;
    const toml::node* look = reader.find("figure");
    if (look && !look->is_table()) reader.fail(*look, "figure: is written as [figure]");
    TableReader look_reader(look ? *look->as_table() : none, "figure", file_name);
    figure.look = read_look(look_reader, look ? *look->as_table() : none);
    look_reader.texts("out", figure.out);
    look_reader.end();
    const toml::node* panels = reader.find("panel");
    reader.end();
    if (!panels || !panels->is_array_of_tables())
        throw InputError(file_name + ": has no panel; each begins with [[panel]] and names a kind and runs");
    for (const toml::node& panel : *panels->as_array())
        figure.panels.push_back(read_panel(*panel.as_table(), file_name));
    return figure;
}

FigureFile read_figure(const fs::path& file) {
    return parse_figure(read_file(file, largest_experiment_file), file.string());
}

std::vector<fs::path> figure_runs(const std::vector<std::string>& runs, const fs::path& folder) {
    std::vector<fs::path> found;
    for (const std::string& run : runs) {
        std::vector<fs::path> matching;
        if (is_pattern(run) && run.find('/') == std::string::npos) {
            matching = matching_runs(run, folder);
            if (matching.empty()) throw InputError(fmt::format("no run matches '{}' in '{}'", run, folder.string()));
        } else {
            matching = {find_run(run, folder).path};
        }
        for (const fs::path& path : matching)
            if (std::find(found.begin(), found.end(), path) == found.end()) found.push_back(path);
    }
    return found;
}

}  // namespace wavlab
