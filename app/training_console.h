// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>

#include "core/error.h"

namespace wavlab {

class TensorboardLog;
class Trainer;

/// From here on SIGINT and SIGTERM stop the run that follow_training follows, or will follow, with its state saved. One
/// that comes two seconds later or more ends the program at once.
void stop_on_signals();

/// Whether such a signal has come since.
bool stop_was_asked();

/// What `--tensorboard` of commands that train says of itself.
inline constexpr const char* tensorboard_option_help =
    "While it trains, write numbers, samples and experiment to DIR/<name of the run>, for tensorboard --logdir DIR";

/// Null where no folder was given. Throws InputError when nothing can be written there.
std::unique_ptr<TensorboardLog> make_tensorboard_log(const std::string& folder);

/// Follows a run to its end on the terminal: JSON lines on stdout (`--json`), else a line now and then. What comes is
/// also written to `tensorboard`, which may be null.
ExitCode follow_training(Trainer& trainer, bool json, TensorboardLog* tensorboard);

}  // namespace wavlab
