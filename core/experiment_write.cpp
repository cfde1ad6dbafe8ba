// SPDX-License-Identifier: GPL-3.0-or-later
// Experiments to text.
#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "core/experiment.h"
#include "core/experiment_text.h"

namespace wavlab {

namespace {

std::string toml_string(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            result += {'\\', c};
        else if (c == '\n')
            result += "\\n";
        else if (c == '\t')
            result += "\\t";
        else if (byte < 0x20 || byte == 0x7f)
            result += std::string("\\u00") + digits[byte >> 4] + digits[byte & 15];
        else
            result += c;
    }
    return result + '"';
}

/// Paths mean the same anywhere once they are absolute.
std::filesystem::path absolute_path(const std::filesystem::path& path, const std::filesystem::path& folder) {
    return std::filesystem::absolute(path.is_absolute() ? path : folder / path).lexically_normal();
}

Experiment with_absolute_paths(const std::vector<ExperimentField>& fields, Experiment experiment) {
    for (const ExperimentField& field : fields)
        if (std::holds_alternative<std::string>(field.option.default_value))
            field.set(experiment, with_absolute_path(field.dotted_key(), field.get(experiment), experiment.folder));
    return experiment;
}

/// Whether a text option names a file, other than by "file:PATH".
bool holds_path(const std::string& dotted_key) {
    static const std::set<std::string> keys = [] {
        std::set<std::string> found;
        for (const ExperimentField& field : experiment_fields())
            if (field.option.holds_path) found.insert(field.dotted_key());
        return found;
    }();
    return keys.contains(dotted_key);
}

/// Insertions, deletions and replacements that turn one word into the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[b.size()];
}

}  // namespace

std::string toml_text(const OptionValue& value) {
    const auto* text = std::get_if<std::string>(&value);
    return text ? toml_string(*text) : to_text(value);
}

std::string value_text(const Experiment& experiment, const std::string& dotted_key) {
    constexpr std::string_view method_table = "method.";
    if (dotted_key.starts_with(method_table)) {
        const auto value = experiment.method.find(dotted_key.substr(method_table.size()));
        return value == experiment.method.end() ? "" : toml_text(value->second);
    }
    for (const ExperimentField& field : experiment_fields())
        if (field.dotted_key() == dotted_key) return toml_text(field.get(experiment));
    return "";
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
    constexpr std::size_t longest_word = 64;
    if (word.size() > longest_word) return "";
    const std::string* nearest = nullptr;
    std::size_t best = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const std::string& candidate : known) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < best && distance < candidate.size()) {
            best = distance;
            nearest = &candidate;
        }
    }
    return nearest ? " (did you mean '" + *nearest + "'?)" : "";
}

std::string list_text(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

OptionValue with_absolute_path(const std::string& dotted_key, OptionValue value, const std::filesystem::path& folder) {
    constexpr std::string_view prefix = "file:";
    const auto* text = std::get_if<std::string>(&value);
    if (!text) return value;
    const bool prefixed = text->starts_with(prefix);
    const std::string path = prefixed ? text->substr(prefix.size()) : *text;
    const bool is_path = holds_path(dotted_key) || (dotted_key == "data.dataset" && prefixed);
    if (!is_path || path.empty()) return value;
    return (prefixed ? "file:" : "") + absolute_path(path, folder).string();
}

std::string experiment_toml(const Experiment& experiment, const OptionValues& method_options,
                            const std::vector<std::string>& left_out) {
    const std::vector<ExperimentField> fields = experiment_fields();
    const Experiment written = with_absolute_paths(fields, experiment);
    std::string text;
    const auto write_table = [&](const char* table) {
        for (const ExperimentField& field : fields) {
            if (field.table != table || (field.applies && !field.applies(experiment))) continue;
            if (std::find(left_out.begin(), left_out.end(), field.dotted_key()) != left_out.end()) continue;
            text += field.option.key + " = " + toml_text(field.get(written)) + "\n";
        }
    };
    write_table("");
    text += "\n[model]\n";
    write_table("model");
    text += "\n[method]\n";
    for (const auto& [key, value] : method_options) text += key + " = " + toml_text(value) + "\n";
    text += "\n[data]\n";
    write_table("data");
    text += "\n[train]\n";
    write_table("train");
    return text;
}

std::string to_toml(const Experiment& experiment) {
    return experiment_toml(experiment, resolved_method_options(experiment));
}

}  // namespace wavlab
