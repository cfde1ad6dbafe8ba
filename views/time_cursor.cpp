// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/time_cursor.h"

namespace wavlab {

void TimeCursor::set_step(std::optional<std::int64_t> step) {
    if (step == step_) return;
    step_ = step;
    emit changed();
}

}  // namespace wavlab
