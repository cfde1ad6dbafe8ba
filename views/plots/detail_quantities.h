// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/run_event.h"
#include "core/source.h"

namespace wavlab {

/// One curve: a field of the frame.
struct DetailSeries {
    const char* name;
    std::vector<float> DetailFrame::*field;
    SourceKind kind;
    enum { plain, broad, matched } look = plain;
};

/// What is drawn of block summaries and details.
struct DetailQuantity {
    const char* id;
    const char* title;
    const char* axis;
    const char* short_axis;  ///< before ", mean of blocks"
    const char* help;
    std::vector<DetailSeries> series;
    bool per_router = false;
    bool around_zero = false;  ///< has a line at zero, and no logarithm
};

const std::vector<DetailQuantity>& detail_quantities();

}  // namespace wavlab
