#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs every test, after installing and building what is missing.
#   ./test.sh          all tests, then those of core, datasets and the model's parsers and a minute of random clicks in
#                      the window under the address sanitizer, and those of core and datasets under the thread sanitizer
#   ./test.sh --all    also the long ones (label `extended`)
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup/setup.sh"
source "$root/setup/test_packages.sh"

selection=(-LE extended)
case "${1:-}" in
    '') ;;
    --all) selection=() ;;
    *) say "usage: ./test.sh [--all]"; exit 2 ;;
esac

presets=(release asan tsan)
set_up desktop
[ ${#selection[@]} -gt 0 ] || install_test_packages
build release all
build asan core_tests datasets_tests model_tests app_tests
build tsan core_tests datasets_tests
release_lock

# One CTest over the three builds, for one summary.
mkdir -p "$root/build/tests"
for preset in "${presets[@]}"; do
    printf 'subdirs("%s")\n' "$root/build/$preset"
done >"$root/build/tests/CTestTestfile.cmake"
say "Testing"
exec ctest --test-dir "$root/build/tests" --output-on-failure "${selection[@]}"
