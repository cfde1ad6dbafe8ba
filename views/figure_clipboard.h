// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "views/figure_page.h"

namespace wavlab {

/// Puts the figure on the clipboard as it is printed: picture and vectors (SVG). Throws as render_page does.
void copy_page(const PageContent& content);

}  // namespace wavlab
