// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include <QString>

namespace wavlab {

/// A text that is marked by WAVLAB_TEXT (core/translatable.h), in the language of the window.
QString translated(const std::string& text);

}  // namespace wavlab
