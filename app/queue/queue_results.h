// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/error.h"

namespace wavlab {

class QueueRunner;
class RunQueue;

/// How these runs of a queue ended, as the exit code of the program that trained them: failed before diverged before
/// done; bad input when that is why every one of them failed.
ExitCode exit_code_of(const RunQueue& queue, const QueueRunner& runner, const std::vector<std::string>& ids);

}  // namespace wavlab
