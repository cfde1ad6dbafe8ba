// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include <QString>

namespace wavlab {

/// The style index (views/plot_style.h) of a method's mean: a method looks the same in every plot and figure. Others
/// than the known ones get `known_methods`, and the caller finds a free one from there on.
int method_style(const std::string& method);
inline constexpr int known_methods = 8;

/// What people call the method, "Block AttnRes"; its id where it is not registered.
QString method_title(const std::string& method);

}  // namespace wavlab
