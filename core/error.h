// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdexcept>
#include <string>

namespace wavlab {

/// Exit codes of the program (design, command line). The trainer ends with one of them too.
enum class ExitCode : int { done = 0, failed = 1, bad_input = 2, diverged = 3, interrupted = 130 };

/// Bad input or an unwritable target: the message says in one sentence what, where and what is allowed.
class InputError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Something failed while working (disk full, out of memory, a broken device).
class WorkError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace wavlab
