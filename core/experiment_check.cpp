// SPDX-License-Identifier: GPL-3.0-or-later
// What is wrong with an experiment, and what its method makes of it.
#include <algorithm>

#include "core/error.h"
#include "core/experiment.h"
#include "core/experiment_text.h"
#include "core/method.h"
#include "core/number_text.h"

namespace wavlab {

namespace {

constexpr std::size_t longest_name = 100;  // in bytes; folder names may have 255, with a number and a suffix to come

bool is_device(const std::string& text) {
    if (text == "auto" || text == "cpu" || text == "cuda") return true;
    if (!text.starts_with("cuda:") || text.size() > 8) return false;
    const std::string number = text.substr(5);
    return !number.empty() && number.find_first_not_of("0123456789") == std::string::npos;
}

bool is_name(const std::string& name) {
    if (name.empty() || name.size() > longest_name || name.front() == '.' || name.front() == '-') return false;
    return std::none_of(name.begin(), name.end(),
                        [](char c) { return c == '/' || c == '\\' || (c >= 0 && c < ' ') || c == 127; });
}

class Checker {
public:
    explicit Checker(const Experiment& experiment) : experiment_(experiment) {}

    std::vector<ExperimentProblem> check() {
        for (const ExperimentField& field : experiment_fields())
            if (const auto problem = problem_with(field.option, field.get(experiment_)))
                add(field.dotted_key(), *problem);
        check_method();
        check_texts();
        check_together();
        return std::move(problems_);
    }

private:
    void add(const std::string& key, const std::string& sentence_part) {
        problems_.push_back({key, key + " = " + value_text(experiment_, key) + ": " + sentence_part});
    }
    bool is_fine(const char* key) const {
        return std::none_of(problems_.begin(), problems_.end(), [&](const auto& p) { return p.key == key; });
    }

    void check_method() {
        const MethodDescriptor* method = MethodRegistry::find(experiment_.model.method);
        for (const auto& [key, value] : experiment_.method)
            if (const auto problem = problem_with_method_option(method, key, value)) add("method." + key, *problem);
    }

    void check_texts() {
        if (!is_name(experiment_.name))
            add("name",
                "must be 1 to 100 bytes of text in one line, without / and \\, and not begin with a point or a dash");
        if (!is_device(experiment_.train.device)) add("train.device", "must be auto, cpu, cuda or cuda:N");
        if (experiment_.data.dataset.empty() || experiment_.data.dataset == "file:")
            add("data.dataset", "must be a dataset id or file:PATH");
    }

    void check_together() {
        const ModelSettings& model = experiment_.model;
        if (is_fine("model.width") && is_fine("model.heads")) {
            const std::string width = "the width (" + std::to_string(model.width) + ")";
            if (model.width % model.heads != 0)
                add("model.heads", "must divide " + width + " without a remainder");
            else if (model.width / model.heads % 2 != 0)
                add("model.heads", "must leave each head an even number of channels, but " + width +
                                       " divided by it is " + std::to_string(model.width / model.heads));
        }
        const TrainSettings& train = experiment_.train;
        if (is_fine("train.lr") && is_fine("train.min_lr") && train.min_lr > train.lr)
            add("train.min_lr", "must be at most train.lr (" + number_text(train.lr) + ")");
    }

    const Experiment& experiment_;
    std::vector<ExperimentProblem> problems_;
};

const Option* find_option(const MethodDescriptor& method, const std::string& key) {
    for (const Option& option : method.options)
        if (option.key == key) return &option;
    return nullptr;
}

}  // namespace

std::optional<std::string> problem_with_method_option(const MethodDescriptor* chosen, const std::string& key,
                                                      const OptionValue& value) {
    if (chosen)
        if (const Option* option = find_option(*chosen, key)) return problem_with(*option, value);
    // An option that only other methods have is ignored, but it has to be one that some method would take.
    std::optional<std::string> problem;
    for (const MethodDescriptor& method : MethodRegistry::all()) {
        if (const Option* option = find_option(method, key)) {
            problem = problem_with(*option, value);
            if (!problem) return std::nullopt;
        }
    }
    if (problem) return problem;
    const std::vector<std::string> known = method_option_keys();
    return "no method has this option" + suggestion(key, known) + "; allowed are " + list_text(known);
}

std::vector<std::string> method_option_keys() {
    std::vector<std::string> keys;
    for (const MethodDescriptor& method : MethodRegistry::all())
        for (const Option& option : method.options)
            if (std::find(keys.begin(), keys.end(), option.key) == keys.end()) keys.push_back(option.key);
    return keys;
}

std::vector<ExperimentProblem> problems(const Experiment& experiment) { return Checker(experiment).check(); }

OptionValues resolved_method_options(const Experiment& experiment) {
    const MethodDescriptor* method = MethodRegistry::find(experiment.model.method);
    if (!method) return experiment.method;
    OptionValues resolved;
    for (const Option& option : method->options)
        resolved[option.key] = value_or_default(method->options, experiment.method, option.key);
    return resolved;
}

OptionValues resolved_tokenizer_options(const Experiment& experiment) {
    OptionValues resolved;
    for (const ExperimentField& field : experiment_fields())
        if (field.table == "data" && field.applies && field.applies(experiment))
            resolved[field.option.key] =
                with_absolute_path(field.dotted_key(), field.get(experiment), experiment.folder);
    return resolved;
}

std::vector<std::string> ignored_method_options(const Experiment& experiment) {
    const MethodDescriptor* method = MethodRegistry::find(experiment.model.method);
    std::vector<std::string> sentences;
    if (!method) return sentences;
    for (const auto& [key, value] : experiment.method)
        if (!find_option(*method, key))
            sentences.push_back("method." + key + " = " + toml_text(value) + " is ignored: the method " + method->id +
                                " has no such option.");
    return sentences;
}

void require_valid(const Experiment& experiment, const std::string& file_name) {
    const std::vector<ExperimentProblem> found = problems(experiment);
    if (found.empty()) return;
    const auto given = experiment.given.lines.find(found.front().key);
    std::string place;
    if (given != experiment.given.lines.end() && given->second == 0) {
        place = "--set ";
    } else if (!file_name.empty()) {
        place = file_name;
        if (given != experiment.given.lines.end()) place += ", line " + std::to_string(given->second);
        place += ": ";
    }
    throw InputError(place + found.front().message);
}

}  // namespace wavlab
