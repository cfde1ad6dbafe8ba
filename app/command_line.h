// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace wavlab {

/// The program: reads the command line (design §5, contract), runs the command and returns the exit code. Every error
/// is one line on stderr.
int run_command_line(int argument_count, char** arguments);

}  // namespace wavlab
