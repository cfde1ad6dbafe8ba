// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/repeated_steps.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <sstream>
#include <utility>

#include <fmt/format.h>

namespace wavlab {
namespace {

using Place = std::pair<std::int64_t, std::string>;  // step, name

bool is_compared(const std::string& name) {
    return name == "train/loss" || name == "train/grad_norm" || name == "val/loss";
}

std::map<Place, std::string> read_metrics(const std::string& csv) {
    std::map<Place, std::string> values;
    std::istringstream lines(csv);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t first = line.find(','), second = line.rfind(',');
        if (first == second) continue;
        const std::string name = line.substr(first + 1, second - first - 1);
        if (is_compared(name)) values[{std::atoll(line.c_str()), name}] = line.substr(second + 1);
    }
    return values;
}

double relative_difference(double repeated, double recorded) {
    return std::abs(repeated - recorded) / std::max(std::abs(recorded), 1e-12);
}

}  // namespace

RepeatedSteps compare_steps(const std::string& metrics, const std::vector<ScalarRecorded>& repeated,
                            std::int64_t last) {
    const std::map<Place, std::string> recorded = read_metrics(metrics);
    RepeatedSteps result;
    for (const ScalarRecorded& scalar : repeated) {
        if (!is_compared(scalar.name) || scalar.step > last) continue;
        const auto found = recorded.find({scalar.step, scalar.name});
        if (found == recorded.end()) continue;
        ++result.compared;
        result.steps = std::max(result.steps, scalar.step);
        const std::string text =
            fmt::format("{:.9g}", std::isnan(scalar.value) ? std::abs(scalar.value) : scalar.value);
        if (text == found->second) {
            ++result.equal;
            continue;
        }
        const double difference = relative_difference(scalar.value, std::strtod(found->second.c_str(), nullptr));
        if (!(difference <= result.largest_difference)) result.largest_difference = difference;
        if (result.first_difference.empty())
            result.first_difference =
                fmt::format("{} at step {}: {}, recorded was {}", scalar.name, scalar.step, text, found->second);
    }
    return result;
}

std::string bits_obstacle(const RunDescription& then, const RunDescription& now, bool deterministic) {
    if (then.wavlab_version != now.wavlab_version || then.commit != now.commit || then.commit == "unknown")
        return "the run was made by another build of WAV Lab (" + then.wavlab_version + ", " + then.commit + ")";
    if (then.torch_version != now.torch_version) return "the run was made with torch " + then.torch_version;
    if (then.device != now.device) return "the run was made on " + then.device;
    if (then.device != "cpu" && !deterministic)
        return "on a GPU only runs with deterministic = true give the same bits";
    if (then.cpu_capability != now.cpu_capability)
        return "the run was made with a processor's " + then.cpu_capability + ", not " + now.cpu_capability;
    if (then.threads != now.threads) return "the run was made with " + std::to_string(then.threads) + " threads";
    if (then.implementation != now.implementation) return "the run was made by the " + then.implementation + " pass";
    return "";
}

}  // namespace wavlab
