// SPDX-License-Identifier: GPL-3.0-or-later
// The README's table: parameters that each method adds, and its step time relative to `standard`, at several depths.
//   method_table [LAYERS...]        default: 12 24 48; the other settings are those of the default experiment
// Rounds go over all methods in turn, each ratio is taken within a round, the median is printed, so that the machine's
// own drift does not count.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/model_loader.h"
#include "core/method.h"
#include "model/model_library.h"

namespace {

using namespace wavlab;

constexpr int rounds = 5;
constexpr std::int64_t vocabulary = 65;

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

Experiment experiment_of(const std::string& method, std::int64_t layers) {
    Experiment experiment;
    experiment.model.method = method;
    experiment.model.layers = layers;
    return experiment;
}

void print_depth(ModelLibrary& library, std::int64_t layers) {
    std::map<std::string, std::vector<double>> seconds, ratios;
    for (int round = 0; round < rounds; ++round) {
        for (const MethodDescriptor& method : MethodRegistry::all())
            seconds[method.id].push_back(
                library.measure_step(experiment_of(method.id, layers), vocabulary, 4.0, {}).seconds_per_step);
        for (const auto& [id, measured] : seconds) ratios[id].push_back(measured.back() / seconds["standard"].back());
    }
    for (const MethodDescriptor& method : MethodRegistry::all()) {
        const CostEstimate cost = estimate_cost(experiment_of(method.id, layers), vocabulary);
        fmt::print("| {} | {} | {} | {} | {:.2f} % | {:.3f} | {:.2f} |\n", layers, method.id, cost.parameters,
                   cost.added_parameters, 100.0 * double(cost.added_parameters) / double(cost.parameters),
                   median(seconds[method.id]), median(ratios[method.id]));
        std::fflush(stdout);
    }
}

}  // namespace

int main(int argument_count, char** arguments) {
    make_waiting_passive(arguments);
    std::vector<std::int64_t> depths;
    for (int i = 1; i < argument_count; ++i) depths.push_back(std::atoll(arguments[i]));
    if (depths.empty()) depths = {12, 24, 48};
    ModelLibrary& library = load_model_library();
    fmt::print(
        "| layers | method | parameters | added | share | s/step | × standard |\n|---|---|---|---|---|---|---|\n");
    for (const std::int64_t layers : depths) print_depth(library, layers);
}
