// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/error.h"

namespace wavlab {

class Trainer;

/// From here on SIGINT and SIGTERM stop the run that follow_training follows, or will follow, with its state saved. One
/// that comes two seconds later or more ends the program at once.
void stop_on_signals();

/// Whether such a signal has come since.
bool stop_was_asked();

/// Follows a run to its end on the terminal: JSON lines on stdout (`--json`), else a line now and then.
ExitCode follow_training(Trainer& trainer, bool json);

}  // namespace wavlab
