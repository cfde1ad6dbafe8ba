// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/queue/queue_devices.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

namespace wavlab {

namespace {

constexpr std::string_view gpu_prefix = "cuda:";

}  // namespace

std::vector<QueueDevice> queue_devices(const std::vector<std::string>& devices, const std::string& visible) {
    std::vector<std::string> names;  // the GPUs that this process sees, in its order
    std::istringstream list(visible);
    for (std::string name; std::getline(list, name, ',');) names.push_back(name);
    std::vector<QueueDevice> all{{"cpu", ""}};
    for (const std::string& device : devices) {
        if (!device.starts_with(gpu_prefix)) continue;
        const std::string number = device.substr(gpu_prefix.size());
        const auto index = static_cast<std::size_t>(std::atoi(number.c_str()));
        all.push_back({device, index < names.size() ? names[index] : number});
    }
    return all;
}

std::vector<QueueDevice> queue_devices_here(const std::vector<std::string>& devices) {
    const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
    return queue_devices(devices, visible ? visible : "");
}

bool may_run_on(const QueueDevice& device, const std::string& wanted, const std::vector<QueueDevice>& all) {
    const bool is_cpu = device.name == "cpu";
    const bool only_cpu = std::all_of(all.begin(), all.end(), [](const QueueDevice& d) { return d.name == "cpu"; });
    if (wanted == "cpu" || only_cpu) return is_cpu;
    if (wanted == "auto" || wanted == "cuda") return !is_cpu;
    const bool there = std::any_of(all.begin(), all.end(), [&](const QueueDevice& d) { return d.name == wanted; });
    // One that is not there: the run itself says so.
    return there ? device.name == wanted : is_cpu;
}

std::string visible_for(const QueueDevice& device, const std::string& wanted) {
    return wanted == "auto" || wanted == "cuda" ? device.visible : "";
}

}  // namespace wavlab
