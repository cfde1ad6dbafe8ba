// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/error.h"

namespace wavlab {

/// What an exception means for the user.
struct Failure {
    ExitCode code = ExitCode::failed;
    std::string sentence;
};

/// Describes the exception that is being handled: our own, LibTorch's (out of memory among them), the system's.
Failure describe_failure();

/// Calls `work` and lets only InputError and WorkError out.
template <class Work>
auto with_plain_errors(Work work) {
    try {
        return work();
    } catch (...) {
        const Failure failure = describe_failure();
        if (failure.code == ExitCode::bad_input) throw InputError(failure.sentence);
        throw WorkError(failure.sentence);
    }
}

}  // namespace wavlab
