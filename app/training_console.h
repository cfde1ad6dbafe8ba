// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/error.h"

namespace wavlab {

class Trainer;

/// Follows a run to its end on the terminal: JSON lines on stdout (`--json`), else a line now and then. SIGINT and
/// SIGTERM stop the run with its state saved; a second one ends the program at once.
ExitCode follow_training(Trainer& trainer, bool json);

}  // namespace wavlab
