// SPDX-License-Identifier: GPL-3.0-or-later
// Sweep files to sweeps, and back.
#include <algorithm>

#include <toml++/toml.h>

#include "core/error.h"
#include "core/experiment_text.h"
#include "core/experiment_toml.h"
#include "core/method.h"
#include "core/safe_file.h"
#include "core/sweep.h"
#include "core/sweep_option.h"

namespace wavlab {

namespace {

constexpr const char* sweep_table = "sweep";

std::string place(const std::string& file_name, const toml::node& node) {
    return file_name + ", line " + std::to_string(node.source().begin.line) + ": ";
}

/// Reads the table [sweep]. Keys may be quoted ("model.method"), dotted or tables of their own.
class AxisReader {
public:
    explicit AxisReader(const std::string& file_name) : file_name_(file_name) {}

    std::vector<SweepAxis> read(const toml::table& table) {
        find_lists("", table);
        // TOML's tables are sorted by key, but the order in the file is the order of the runs.
        std::stable_sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) {
            return std::pair(a.source.line, a.source.column) < std::pair(b.source.line, b.source.column);
        });
        for (const Found& found : found_) read_axis(found.key, *found.node, found.source.line);
        return std::move(axes_);
    }

private:
    struct Found {
        std::string key;
        const toml::node* node;
        toml::source_position source;
    };

    [[noreturn]] void fail(const toml::node& node, const std::string& key, const std::string& what) const {
        throw InputError(place(file_name_, node) + "[sweep] " + key + " = " + shown(node) + ": " + what);
    }

    void find_lists(const std::string& prefix, const toml::table& table) {
        for (const auto& [key, node] : table) {
            const std::string dotted = prefix + std::string(key.str());
            if (const toml::table* inner = node.as_table())
                find_lists(dotted + ".", *inner);
            else
                found_.push_back({dotted, &node, key.source().begin});
        }
    }

    void read_axis(const std::string& key, const toml::node& node, std::int64_t line) {
        const SweepOption option(key);
        if (option.problem()) fail(node, key, *option.problem());
        const std::string allowed = "must be a list of values, each " + option.allowed();
        const toml::array* list = node.as_array();
        if (!list) fail(node, key, allowed + ", as in [" + shown(node) + "]");
        if (list->empty())
            throw InputError(place(file_name_, node) + "[sweep] " + key + " = []: " + allowed + "; this one is empty");
        for (const SweepAxis& other : axes_)
            if (other.key == key) fail(node, key, "is varied twice in this file");
        SweepAxis axis{key, {}, line};
        for (const toml::node& element : *list) {
            const std::optional<OptionValue> value = option_value(element);
            if (!value) fail(element, key, "each value must be " + option.allowed());
            if (const auto problem = option.problem_with(*value)) fail(element, key, *problem);
            axis.values.push_back(option.normal(*value));
            const auto first = std::find(axis.values.begin(), axis.values.end(), axis.values.back());
            if (first != axis.values.end() - 1) fail(element, key, "stands in the list twice");
        }
        axes_.push_back(std::move(axis));
    }

    const std::string& file_name_;
    std::vector<Found> found_;
    std::vector<SweepAxis> axes_;
};

/// "a, b" as typed inside [...] on a command line, at commas outside of quotes.
std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> parts(1);
    bool quoted = false;
    for (const char c : text) {
        if (c == '"') quoted = !quoted;
        if (c == ',' && !quoted)
            parts.emplace_back();
        else
            parts.back() += c;
    }
    for (std::string& part : parts) {
        part.erase(0, part.find_first_not_of(' '));
        part.erase(part.find_last_not_of(' ') + 1);
    }
    if (parts.back().empty()) parts.pop_back();  // as in TOML, a comma may come last
    return parts;
}

}  // namespace

Sweep parse_sweep(std::string_view toml, const std::string& file_name, const std::filesystem::path& folder) {
    toml::table document = parse_document(toml, file_name);
    const toml::node* node = document.get(sweep_table);
    const std::string example = " with at least one list of values, such as \"model.method\" = [\"standard\", \"wav\"]";
    if (!node) throw InputError(file_name + ": a sweep needs a table [sweep]" + example);
    if (!node->is_table())
        throw InputError(place(file_name, *node) + "sweep = " + shown(*node) + ": must be a table" + example);
    Sweep sweep;
    sweep.file_name = file_name;
    const std::int64_t line = static_cast<std::int64_t>(node->source().begin.line);
    sweep.axes = AxisReader(file_name).read(*node->as_table());
    if (sweep.axes.empty())
        throw InputError(file_name + ", line " + std::to_string(line) + ": [sweep] is empty; it must be a table" +
                         example);
    document.erase(sweep_table);
    sweep.base = read_experiment_document(document, file_name, folder);
    return sweep;
}

Sweep load_sweep(const std::filesystem::path& file) {
    const std::string text = read_file(file, largest_experiment_file);
    return parse_sweep(text, file.string(), std::filesystem::absolute(file).parent_path());
}

bool is_sweep(std::string_view toml) {
    try {
        return parse_document(toml, "").contains(sweep_table);
    } catch (const InputError&) {
        return false;
    }
}

void apply_setting(Sweep& sweep, std::string_view assignment) {
    const auto [key, value_text] = split_setting(assignment);
    const auto is_it = [&key = key](const SweepAxis& axis) { return axis.key == key; };
    if (!value_text.starts_with('[') || !value_text.ends_with(']')) {
        apply_setting(sweep.base, assignment);
        std::erase_if(sweep.axes, is_it);
        return;
    }
    const std::string shown_setting = "--set " + std::string(assignment) + ": ";
    const SweepOption option(key);
    if (option.problem()) throw InputError(shown_setting + *option.problem());
    SweepAxis axis{key, {}, 0};
    for (const std::string& text : split_list(value_text.substr(1, value_text.size() - 2))) {
        const std::optional<OptionValue> value = option.parse(text);
        if (!value) throw InputError(shown_setting + "'" + text + "' must be " + option.allowed());
        axis.values.push_back(*value);
    }
    if (const std::string problem = problem_with_axis(axis); !problem.empty())
        throw InputError(shown_setting + problem);
    const auto there = std::find_if(sweep.axes.begin(), sweep.axes.end(), is_it);
    if (there == sweep.axes.end())
        sweep.axes.push_back(std::move(axis));
    else
        *there = std::move(axis);
}

std::string to_toml(const Sweep& sweep) {
    // What follows from the width must go on following it, and options of other methods than the base's count.
    std::vector<std::string> left_out;
    const bool width_varies = std::any_of(sweep.axes.begin(), sweep.axes.end(),
                                          [](const SweepAxis& axis) { return axis.key == "model.width"; });
    if (width_varies && !sweep.base.given.contains("model.mlp_hidden")) left_out.emplace_back("model.mlp_hidden");
    std::string text = experiment_toml(sweep.base, sweep.base.method, left_out) + "\n[sweep]\n";
    for (const SweepAxis& axis : sweep.axes) {
        text += "\"" + axis.key + "\" = [";
        for (std::size_t i = 0; i < axis.values.size(); ++i)
            text += (i == 0 ? "" : ", ") + toml_text(with_absolute_path(axis.key, axis.values[i], sweep.base.folder));
        text += "]\n";
    }
    return text;
}

}  // namespace wavlab
