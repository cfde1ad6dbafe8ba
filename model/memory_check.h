// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>


namespace wavlab {

/// Bytes of memory in use by this process (resident set); 0 where the system does not tell.
double resident_memory_bytes();

/// The most that resident_memory_bytes() has been since restart_resident_peak(), which first gives memory that is free
/// back to the system. Where the system does not let it start anew, the most since the process began.
double resident_peak_bytes();
void restart_resident_peak();

/// Bytes that this process can still take on this machine, limits of its control group included; empty where the
/// system does not tell.
std::optional<double> available_memory_bytes();

/// "412 MB", "1.5 GB".
std::string memory_text(double bytes);

/// Throws InputError that names both figures when `needed` exceeds `available`. `place`: "this machine", "the GPU".
void require_memory(double needed, std::optional<double> available, const std::string& place);

}  // namespace wavlab
