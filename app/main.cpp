// SPDX-License-Identifier: GPL-3.0-or-later
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

#include "app/command_line.h"
#include "app/model_loader.h"

namespace {

/// Where the caller closed stdin, stdout or stderr, the next file that is opened would take its place, and what is
/// printed would end up in it.
void open_standard_streams() {
    for (int descriptor = ::open("/dev/null", O_RDWR); descriptor >= 0; descriptor = ::open("/dev/null", O_RDWR)) {
        if (descriptor <= STDERR_FILENO) continue;
        ::close(descriptor);
        return;
    }
}

}  // namespace

int main(int argument_count, char** arguments) {
    open_standard_streams();
    // For deterministic runs on a GPU; see model/device.cpp. Here there is one thread only.
    setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
    wavlab::make_waiting_passive(arguments);
    // A full quota and a closed pipe are errors to report, not reasons to die.
    std::signal(SIGXFSZ, SIG_IGN);
    std::signal(SIGPIPE, SIG_IGN);
    return wavlab::run_command_line(argument_count, arguments);
}
