// SPDX-License-Identifier: GPL-3.0-or-later
#include <csignal>

#include "app/command_line.h"
#include "app/model_loader.h"

int main(int argument_count, char** arguments) {
    wavlab::make_waiting_passive(arguments);
    // A full quota and a closed pipe are errors to report, not reasons to die.
    std::signal(SIGXFSZ, SIG_IGN);
    std::signal(SIGPIPE, SIG_IGN);
    return wavlab::run_command_line(argument_count, arguments);
}
