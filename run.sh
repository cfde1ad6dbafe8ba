#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Starts WAV Lab, after installing and building what is missing. Arguments go to the program:
#   ./run.sh                                   the window
#   ./run.sh train EXPERIMENT.toml             and every other command, see ./run.sh --help
#   WAVLAB_HEADLESS=1 ./run.sh train ...       on a server: without Qt
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup/setup.sh"

kind=desktop preset=release
if [ "${WAVLAB_HEADLESS:-0}" = 1 ]; then
    kind=headless preset=headless
fi

if [ "${1:-gui}" = gui ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}${QT_QPA_PLATFORM:-}" ]; then
    say "There is no display to open the window on (neither DISPLAY nor WAYLAND_DISPLAY is set). Without a window:"
    say "    ./run.sh train resources/experiments/default.toml"
    exit 2
fi

set_up $kind
build $preset wavlab
if [ $kind = headless ] && [ ! -f "$root/build/release/bin/wavlab" ]; then
    mkdir -p "$root/build/release/bin"
    ln -sfn ../../headless/bin/wavlab "$root/build/release/bin/wavlab"
fi
release_lock
exec "$root/build/$preset/bin/wavlab" "$@"
