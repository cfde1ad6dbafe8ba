// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/queue/sweep_work.h"

#include <poll.h>

#include <set>

#include "app/queue/queue_runner.h"
#include "app/training_console.h"
#include "core/run_queue.h"
#include "core/sweep.h"

namespace wavlab {

std::vector<std::string> take_into_queue(RunQueue& queue, const Sweep& sweep, std::optional<double> stop_early_after) {
    std::vector<std::string> ids = queue.add(queued_runs(sweep, stop_early_after));
    const std::set<std::string> wanted(ids.begin(), ids.end());
    const QueuedRun* first = ids.empty() ? nullptr : queue.find(ids.front());
    if (!first) return ids;
    const std::string name = first->sweep;  // "name 2" when a different sweep is called like this one
    queue.change([&](std::vector<QueuedRun>& runs) {
        std::erase_if(runs, [&](const QueuedRun& run) {
            return run.sweep == name && !is_over(run.state) && !wanted.contains(run.id);
        });
    });
    return ids;
}

void work_through(QueueRunner& runner) {
    bool asked_to_stop = false;
    while (runner.is_working()) {
        if (stop_was_asked() && !asked_to_stop) {
            asked_to_stop = true;
            runner.pause();
        }
        std::vector<pollfd> waiting;
        for (const int descriptor : runner.descriptors()) waiting.push_back({descriptor, POLLIN, 0});
        constexpr int milliseconds = 100;  // how soon a signal or an end is seen
        ::poll(waiting.data(), waiting.size(), milliseconds);
        runner.step();
    }
}

}  // namespace wavlab
