// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace wavlab {

/// Keeps Qt's remarks on the desktop (a missing XDG_RUNTIME_DIR, a theme without an icon) off the terminal: an error of
/// ours is one line there. Critical and fatal messages pass; all do where QT_LOGGING_RULES is set. Call it before the
/// application object is made.
void quiet_qt_messages();

}  // namespace wavlab
