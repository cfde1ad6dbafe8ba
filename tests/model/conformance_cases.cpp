// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/model/conformance_cases.h"

#include <cctype>
#include <cmath>
#include <set>

#include <ATen/ATen.h>

#include "core/method.h"
#include "model/initial_values.h"
#include "model/random.h"

namespace wavlab::testing {

namespace {

std::string name_of(const std::string& method, const OptionValues& options) {
    std::string name = method;
    for (const auto& [key, value] : options) name += "__" + key + "_" + to_text(value);
    for (char& character : name)
        if (!std::isalnum(static_cast<unsigned char>(character))) character = '_';
    return name;
}

/// Values of an option that differ from its default.
std::vector<OptionValue> other_values(const Option& option) {
    std::vector<OptionValue> values;
    if (const bool* flag = std::get_if<bool>(&option.default_value)) values.emplace_back(!*flag);
    if (std::holds_alternative<std::string>(option.default_value))
        for (const std::string& choice : option.choices) values.emplace_back(choice);
    if (std::holds_alternative<std::int64_t>(option.default_value))
        for (const std::int64_t number : {1, 3}) values.emplace_back(number);
    if (std::holds_alternative<double>(option.default_value)) values.emplace_back(0.5);
    std::erase_if(values, [&](const OptionValue& value) {
        return value == option.default_value || problem_with(option, value).has_value();
    });
    return values;
}

std::vector<OptionValues> combinations(const std::string& method) {
    using Text = std::string;
    if (method == "wav")
        return {{{"detail_scope", Text("online")}, {"block_size", std::int64_t{5}}},
                {{"detail_scope", Text("online")}, {"detail", Text("random_sign")}, {"block_size", std::int64_t{4}}},
                {{"detail_scope", Text("online")}, {"detail", Text("duplicate")}, {"blocks", std::int64_t{1}}},
                {{"detail_scope", Text("online")}, {"detach", false}, {"block_size", std::int64_t{4}}},
                {{"rms_match", Text("tensor")}, {"detach", false}},
                {{"phase", false}, {"split", false}}};
    if (method == "haares")
        return {{{"block_size", std::int64_t{5}}, {"key_gain", false}},
                {{"detail", Text("random_sign")}, {"blocks", std::int64_t{1}}}};
    return {};
}

}  // namespace

bool ConformanceCase::causal() const {
    const auto match = experiment.method.find("rms_match");
    return match == experiment.method.end() || match->second != OptionValue(std::string("tensor"));
}

std::ostream& operator<<(std::ostream& stream, const ConformanceCase& value) { return stream << value.name; }

Experiment tiny_experiment(const std::string& method, const OptionValues& options) {
    Experiment experiment;
    experiment.name = "tiny";
    experiment.seed = 7;
    experiment.model = {.method = method, .layers = 3, .width = 8, .heads = 2, .mlp_hidden = 12, .context = 8};
    experiment.method = options;
    experiment.data.size = 20'000;
    experiment.train.batch = 2;
    return experiment;
}

std::vector<ConformanceCase> default_cases() {
    std::vector<ConformanceCase> cases;
    for (const MethodDescriptor& method : MethodRegistry::all())
        cases.push_back({name_of(method.id, {}), tiny_experiment(method.id)});
    return cases;
}

std::vector<ConformanceCase> conformance_cases() {
    std::vector<ConformanceCase> cases = default_cases();
    for (const MethodDescriptor& method : MethodRegistry::all()) {
        std::vector<OptionValues> sets;
        for (const Option& option : method.options)
            for (const OptionValue& value : other_values(option)) sets.push_back({{option.key, value}});
        for (const OptionValues& set : combinations(method.id)) sets.push_back(set);
        for (const OptionValues& set : sets)
            cases.push_back({name_of(method.id, set), tiny_experiment(method.id, set)});
    }
    std::set<std::string> seen;
    std::erase_if(cases, [&](const ConformanceCase& entry) { return !seen.insert(entry.name).second; });
    return cases;
}

DecoderOptions double_options(double eps) {
    DecoderOptions options;
    options.parameter_type = at::kDouble;
    options.compute_type = at::kDouble;
    options.eps = eps;
    return options;
}

at::Tensor random_tokens(std::int64_t batch, std::int64_t length, std::uint64_t seed) {
    at::Tensor tokens = at::empty({batch, length}, at::kLong);
    const std::uint64_t key = random_key(seed, "tokens");
    for (std::int64_t i = 0; i < tokens.numel(); ++i)
        tokens.mutable_data_ptr<std::int64_t>()[i] =
            static_cast<std::int64_t>(random_bits(key, static_cast<std::uint64_t>(i)) % tiny_vocabulary);
    return tokens;
}

void scramble(const Decoder& decoder, std::uint64_t seed) {
    const at::NoGradGuard no_gradient;
    for (const Parameter& parameter : decoder.parameters()) {
        const std::string& name = parameter.name;
        if (name == "routing.detail_sign") continue;
        const at::Tensor noise = draw_normal(parameter.value.sizes(), 1.0, seed, name);
        const bool matrix = parameter.value.dim() == 2;
        if (name == "embed.weight")
            parameter.value.copy_(noise);
        else if (name == "routing.query")
            parameter.value.copy_(0.4 * noise);
        else if (name == "routing.detail_bias")
            parameter.value.copy_(0.7 * noise - 0.5);
        else if (name == "rezero.alpha" || name == "layerscale.lambda")
            parameter.value.copy_(0.5 * noise);
        else if (name == "routing.key_gain" || !matrix)
            parameter.value.copy_(1 + 0.3 * noise);
        else
            parameter.value.copy_(noise / std::sqrt(static_cast<double>(parameter.value.size(1))));
    }
}

void copy_shared_parameters(const Decoder& from, const Decoder& to) {
    const at::NoGradGuard no_gradient;
    for (const Parameter& target : to.parameters())
        for (const Parameter& source : from.parameters())
            if (source.name == target.name) target.value.copy_(source.value);
}

}  // namespace wavlab::testing
