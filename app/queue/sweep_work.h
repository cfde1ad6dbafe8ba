// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace wavlab {

class QueueRunner;
class RunQueue;
struct Sweep;

/// Puts the runs of a sweep into a queue that this process holds; returns their ids. Runs of an earlier form of this
/// sweep that have not begun leave the queue: the file is what counts.
std::vector<std::string> take_into_queue(RunQueue& queue, const Sweep& sweep,
                                         std::optional<double> stop_early_after = {});

/// Goes on until all that the runner is to do is over. A signal (stop_on_signals) stops it with the runs' states saved.
void work_through(QueueRunner& runner);

}  // namespace wavlab
