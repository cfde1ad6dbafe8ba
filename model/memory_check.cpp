// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/memory_check.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "core/error.h"

namespace wavlab {

namespace {

/// A number that stands alone in a file of /sys; empty for "max" and for no such file.
std::optional<double> number_in(const std::string& file) {
    std::ifstream stream(file);
    std::uint64_t value = 0;
    if (!(stream >> value)) return std::nullopt;
    return static_cast<double>(value);
}

/// The bytes of a line "Key:  123 kB".
std::optional<double> line_in(const std::string& file, const std::string& wanted) {
    std::ifstream stream(file);
    std::string line;
    while (std::getline(stream, line)) {
        std::istringstream words(line);
        std::string key;
        double kilobytes = 0;
        if (words >> key >> kilobytes && key == wanted) return kilobytes * 1024;
    }
    return std::nullopt;
}

std::optional<double> system_memory() { return line_in("/proc/meminfo", "MemAvailable:"); }

/// What is left below the limit of the control group (version 2, then 1).
std::optional<double> group_memory() {
    struct Files {
        const char* limit;
        const char* used;
    };
    for (const Files& files :
         {Files{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"},
          Files{"/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"}}) {
        const std::optional<double> limit = number_in(files.limit);
        const std::optional<double> used = number_in(files.used);
        if (limit && used && *limit < 1e15) return std::max(0.0, *limit - *used);
    }
    return std::nullopt;
}

}  // namespace

double resident_memory_bytes() {
    std::ifstream stream("/proc/self/statm");
    double total = 0;
    double resident = 0;
    if (!(stream >> total >> resident)) return 0;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double resident_peak_bytes() { return line_in("/proc/self/status", "VmHWM:").value_or(0); }

void restart_resident_peak() {
    malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << "5";
}

std::optional<double> available_memory_bytes() {
    const std::optional<double> system = system_memory();
    const std::optional<double> group = group_memory();
    if (system && group) return std::min(*system, *group);
    return system ? system : group;
}

std::string memory_text(double bytes) {
    std::ostringstream text;
    if (bytes >= 1e9) {
        text.precision(1);
        text << std::fixed << bytes / 1e9 << " GB";
    } else {
        text << std::llround(bytes / 1e6) << " MB";
    }
    return text.str();
}

void require_memory(double needed, std::optional<double> available, const std::string& place) {
    if (!available || needed <= *available) return;
    throw InputError("this experiment needs about " + memory_text(needed) + " of memory and " + place + " has " +
                     memory_text(*available) + " free: choose a smaller batch, context, width or number of layers");
}

}  // namespace wavlab
