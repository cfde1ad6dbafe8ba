// SPDX-License-Identifier: GPL-3.0-or-later
// Experiment files to experiments.
#include <algorithm>
#include <sstream>

#include <toml++/toml.h>

#include "core/error.h"
#include "core/experiment.h"
#include "core/experiment_text.h"
#include "core/experiment_toml.h"
#include "core/method.h"
#include "core/safe_file.h"

namespace wavlab {

namespace {

constexpr std::size_t longest_shown = 80;
const std::vector<std::string> tables{"model", "method", "data", "train"};

}  // namespace

std::string shown(const toml::node& node) {
    if (node.is_table()) return "a table";
    if (node.is_array()) return "a list";
    std::string text;
    if (const auto* string = node.as_string()) {
        text = toml_text(OptionValue(string->get()));
    } else if (const auto* real = node.as_floating_point()) {
        text = toml_text(OptionValue(real->get()));
    } else {
        std::ostringstream stream;
        stream.imbue(std::locale::classic());
        node.visit([&](const auto& value) {
            if constexpr (toml::is_value<decltype(value)>) stream << std::boolalpha << value.get();
        });
        text = stream.str();
    }
    if (text.size() > longest_shown) text = text.substr(0, longest_shown) + "...";
    return text;
}

std::optional<OptionValue> option_value(const toml::node& node) {
    if (const auto* flag = node.as_boolean()) return OptionValue(flag->get());
    if (const auto* whole = node.as_integer()) return OptionValue(whole->get());
    if (const auto* real = node.as_floating_point()) return OptionValue(real->get());
    if (const auto* text = node.as_string()) return OptionValue(text->get());
    return std::nullopt;
}

std::string allowed_keys(const std::string& dotted_key, const std::vector<std::string>& known) {
    const std::string table = dotted_key.substr(0, dotted_key.find('.') + 1);
    std::vector<std::string> keys;
    for (const std::string& key : known)
        if (!table.empty() && key.starts_with(table)) keys.push_back(key);
    if (keys.empty()) return "; keys have the form table.key, such as model.layers";
    return "; allowed are " + list_text(keys);
}

namespace {

std::vector<std::string> keys_of(const std::vector<ExperimentField>& fields, std::string_view table) {
    std::vector<std::string> keys;
    for (const ExperimentField& field : fields)
        if (field.table == table) keys.push_back(field.option.key);
    return keys;
}

void follow_width(Experiment& experiment) {
    constexpr std::int64_t hidden_per_channel = 4;
    if (experiment.given.contains("model.width") && !experiment.given.contains("model.mlp_hidden"))
        experiment.model.mlp_hidden = hidden_per_channel * experiment.model.width;
}

/// Reads one document. Strict: every key must be known and every value allowed. Otherwise what fits is taken.
class Reader {
public:
    Reader(const std::string& file_name, bool strict) : file_name_(file_name), strict_(strict) {}

    Experiment read(const toml::table& document) {
        for (const auto& [key, node] : document) {
            const std::string name(key.str());
            if (std::find(tables.begin(), tables.end(), name) == tables.end())
                read_field("", name, node);
            else if (const toml::table* table = node.as_table())
                read_table(name, *table);
            else if (strict_)
                fail(node, name, "must be a table: write [" + name + "] on a line of its own");
        }
        // The method decides which options count, so they are read once it is known.
        if (const toml::table* table = document["method"].as_table())
            for (const auto& [key, node] : *table) read_method_option(std::string(key.str()), node);
        follow_width(experiment_);
        return std::move(experiment_);
    }

private:
    [[noreturn]] void fail(const toml::node& node, const std::string& dotted_key, const std::string& what) const {
        throw InputError(file_name_ + ", line " + std::to_string(node.source().begin.line) + ": " + dotted_key + " = " +
                         shown(node) + ": " + what);
    }

    void read_table(const std::string& name, const toml::table& table) {
        if (name == "method") return;
        for (const auto& [key, node] : table) read_field(name, std::string(key.str()), node);
    }

    void read_field(const std::string& table, const std::string& key, const toml::node& node) {
        const std::string dotted = table.empty() ? key : table + "." + key;
        const auto field = std::find_if(fields_.begin(), fields_.end(),
                                        [&](const auto& f) { return f.table == table && f.option.key == key; });
        if (field == fields_.end()) {
            if (strict_) fail_unknown(table, key, node);
            return;
        }
        const std::optional<OptionValue> value = option_value(node);
        if (strict_) {
            if (!value) fail(node, dotted, "must be " + allowed_values(field->option));
            if (const auto problem = problem_with(field->option, *value)) fail(node, dotted, *problem);
        } else if (!value || !has_type_of(field->option, *value)) {
            return;
        }
        field->set(experiment_, *value);
        note(dotted, node);
    }

    static bool has_type_of(const Option& option, const OptionValue& value) {
        return value.index() == option.default_value.index() ||
               (std::holds_alternative<double>(option.default_value) && std::holds_alternative<std::int64_t>(value));
    }

    /// Also when the method is not known or has no such option.
    bool has_type_for_method(const std::string& key, const OptionValue& value) const {
        const MethodDescriptor* method = MethodRegistry::find(experiment_.model.method);
        if (!method) return true;
        const auto option = std::find_if(method->options.begin(), method->options.end(),
                                         [&](const Option& known) { return known.key == key; });
        return option == method->options.end() || has_type_of(*option, value);
    }

    [[noreturn]] void fail_unknown(const std::string& table, const std::string& key, const toml::node& node) const {
        std::vector<std::string> known = keys_of(fields_, table);
        if (table.empty()) {
            if (key == "sweep")
                throw InputError(file_name_ + ", line " + std::to_string(node.source().begin.line) +
                                 ": [sweep] makes this file a sweep of many runs, not an experiment; run it with "
                                 "'wavlab sweep'");
            if (node.is_table())
                throw InputError(file_name_ + ", line " + std::to_string(node.source().begin.line) + ": [" + key +
                                 "] is no table of an experiment" + suggestion(key, tables) + "; allowed are [" +
                                 list_text(tables) + "]");
            fail(node, key, "unknown key" + suggestion(key, known) + "; allowed are " + list_text(known));
        }
        fail(node, table + "." + key, "unknown key" + suggestion(key, known) + "; allowed are " + list_text(known));
    }

    void read_method_option(const std::string& key, const toml::node& node) {
        const std::optional<OptionValue> value = option_value(node);
        if (strict_) {
            if (!value) fail(node, "method." + key, "must be true or false, a number or text");
            const MethodDescriptor* method = MethodRegistry::find(experiment_.model.method);
            if (const auto problem = problem_with_method_option(method, key, *value))
                fail(node, "method." + key, *problem);
        }
        if (!value || (!strict_ && !has_type_for_method(key, *value))) return;
        experiment_.method[key] = *value;
        note("method." + key, node);
    }

    void note(const std::string& dotted_key, const toml::node& node) {
        experiment_.given.lines[dotted_key] = static_cast<std::int64_t>(node.source().begin.line);
    }

    const std::string& file_name_;
    const bool strict_;
    const std::vector<ExperimentField> fields_ = experiment_fields();
    Experiment experiment_;
};

}  // namespace

toml::table parse_document(std::string_view text, const std::string& file_name) {
    try {
        return toml::parse(text);
    } catch (const toml::parse_error& error) {
        throw InputError(file_name + ", line " + std::to_string(error.source().begin.line) +
                         ": this is not valid TOML: " + std::string(error.description()));
    }
}

Experiment read_experiment_document(const toml::table& document, const std::string& file_name,
                                    const std::filesystem::path& folder) {
    Experiment experiment = Reader(file_name, true).read(document);
    experiment.folder = folder;
    return experiment;
}

Experiment parse_experiment(std::string_view toml, const std::string& file_name, const std::filesystem::path& folder) {
    return read_experiment_document(parse_document(toml, file_name), file_name, folder);
}

Experiment load_experiment(const std::filesystem::path& file) {
    const std::string text = read_file(file, largest_experiment_file);
    return parse_experiment(text, file.string(), std::filesystem::absolute(file).parent_path());
}

Experiment parse_recorded_experiment(std::string_view toml) {
    const std::string name = "the recorded experiment";
    return Reader(name, false).read(parse_document(toml, name));
}

std::pair<std::string, std::string_view> split_setting(std::string_view assignment) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string_view::npos || equals == 0)
        throw InputError("--set " + std::string(assignment) +
                         ": must have the form table.key=value, such as model.layers=48");
    std::string key(assignment.substr(0, equals));
    while (!key.empty() && key.back() == ' ') key.pop_back();
    std::string_view value_text = assignment.substr(equals + 1);
    while (value_text.starts_with(' ')) value_text.remove_prefix(1);
    return {std::move(key), value_text};
}

void set_value(Experiment& experiment, const std::string& dotted_key, const OptionValue& value, std::int64_t line) {
    constexpr std::string_view method_table = "method.";
    if (dotted_key.starts_with(method_table)) experiment.method[dotted_key.substr(method_table.size())] = value;
    for (const ExperimentField& field : experiment_fields())
        if (field.dotted_key() == dotted_key) field.set(experiment, value);
    experiment.given.lines[dotted_key] = line;
    follow_width(experiment);
}

void apply_setting(Experiment& experiment, std::string_view assignment) {
    const std::string shown_setting = "--set " + std::string(assignment);
    const auto [key, value_text] = split_setting(assignment);

    const auto apply = [&, &key = key, &value_text = value_text](const Option& option,
                                                                 const std::function<void(const OptionValue&)>& set) {
        const std::optional<OptionValue> value = parse_option_value(option, value_text);
        if (!value) throw InputError(shown_setting + ": must be " + allowed_values(option));
        if (const auto problem = problem_with(option, *value)) throw InputError(shown_setting + ": " + *problem);
        set(*value);
        experiment.given.lines[key] = 0;
        follow_width(experiment);
    };

    const std::vector<ExperimentField> fields = experiment_fields();
    std::vector<std::string> known;
    for (const ExperimentField& field : fields) {
        if (field.dotted_key() == key)
            return apply(field.option, [&](const OptionValue& value) { field.set(experiment, value); });
        known.push_back(field.dotted_key());
    }
    if (key.starts_with("method.")) {
        const std::string option_key = key.substr(7);
        // The chosen method's own description of the option comes first.
        std::vector<const MethodDescriptor*> methods;
        for (const MethodDescriptor& method : MethodRegistry::all()) {
            if (method.id == experiment.model.method)
                methods.insert(methods.begin(), &method);
            else
                methods.push_back(&method);
        }
        for (const MethodDescriptor* method : methods)
            for (const Option& option : method->options)
                if (option.key == option_key)
                    return apply(option, [&](const OptionValue& value) { experiment.method[option_key] = value; });
    }
    for (const std::string& option_key : method_option_keys()) known.push_back("method." + option_key);
    throw InputError(shown_setting + ": there is no key " + key + suggestion(key, known) + allowed_keys(key, known));
}

}  // namespace wavlab
