// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace wavlab {

/// `wavlab gui` as read from the command line.
struct GuiArguments {
    std::filesystem::path open;        ///< an experiment file, a ready experiment's id or a run folder; may be empty
    std::filesystem::path runs;        ///< where run folders are
    bool start = false;                ///< start the run at once
    std::filesystem::path screenshot;  ///< a PNG file of the window at the end of the run (without `start`: once it is
                                       ///< painted); may be empty
    bool exit_when_done = false;
};

/// Opens the window and returns the exit code when it is closed: 0, or with `exit_when_done` that of the run. Throws
/// InputError when there is no display or `open` cannot be read.
int run_gui(const GuiArguments& arguments);

}  // namespace wavlab
