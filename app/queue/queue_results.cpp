// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/queue/queue_results.h"

#include <cstddef>

#include "app/queue/queue_runner.h"
#include "core/run_queue.h"

namespace wavlab {

ExitCode exit_code_of(const RunQueue& queue, const QueueRunner& runner, const std::vector<std::string>& ids) {
    std::size_t failed = 0;
    std::size_t diverged = 0;
    std::size_t bad_input = 0;
    for (const std::string& id : ids) {
        const QueuedRun* run = queue.find(id);
        if (run && run->state == QueueState::diverged) ++diverged;
        if (!run || run->state != QueueState::failed) continue;
        ++failed;
        if (runner.exit_code(id) == static_cast<int>(ExitCode::bad_input)) ++bad_input;
    }
    if (failed > 0 && bad_input == ids.size()) return ExitCode::bad_input;  // such as a dataset that is not there
    if (failed > 0) return ExitCode::failed;
    return diverged > 0 ? ExitCode::diverged : ExitCode::done;
}

}  // namespace wavlab
