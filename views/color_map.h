// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include <QRgb>

namespace wavlab {

/// Colours for quantities: viridis, cividis and magma run from small to large with even lightness, diverging is blue
/// below and red above the middle.
enum class ColorMap { viridis, cividis, magma, diverging };

/// "viridis", "cividis", "magma"; viridis for anything else.
ColorMap sequential_color_map(std::string_view name);

/// The colour at t in [0, 1]; values outside are clamped.
QRgb color_at(ColorMap map, double t);

/// Black or white, whichever reads better on it.
QRgb text_color_on(QRgb ground);

}  // namespace wavlab
