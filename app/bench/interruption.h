// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <exception>

#include "app/training_console.h"

namespace wavlab {

/// SIGINT or SIGTERM came while something was measured.
class Interruption : public std::exception {
public:
    const char* what() const noexcept override { return "interrupted"; }
};

inline void require_no_interruption() {
    if (stop_was_asked()) throw Interruption();
}

}  // namespace wavlab
