// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <vector>

namespace wavlab {

/// From now on this thread, those it starts and its child processes can write, make and remove files below these
/// folders only, whoever they run as (Landlock, Linux 5.13). There is no way back. False where the kernel cannot do it.
bool confine_writes_to(const std::vector<std::filesystem::path>& folders);

}  // namespace wavlab
