# SPDX-License-Identifier: GPL-3.0-or-later
# What run.sh and test.sh share; they source it. Everything it says goes to stderr, so that stdout is the program's.
#   set_up <desktop|headless>        installs what is missing: Debian packages, LibTorch, and nvcc where there is none
#   build <preset> <target>...       configures where needed and builds, with progress

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
deps=$root/.deps
system_python=/usr/bin/python3

say() { printf '%s\n' "$*" >&2; }
fail() { say "$0: $*"; exit 1; }

source "$root/setup/progress.sh"
source "$root/setup/debian.sh"
source "$root/setup/libtorch.sh"

# Only one set-up or build in this checkout at a time; the lock goes when the shell or its exec'd program ends.
take_lock() {
    mkdir -p "$deps" 2>/dev/null || fail "cannot write to $root; the checkout must be writable"
    exec 9>"$deps/lock"
    flock -n 9 && return
    say "Another set-up or build is going on in this checkout; waiting for it."
    flock 9
}
release_lock() { exec 9>&-; }

set_up() {
    take_lock
    install_debian_packages "$1"
    install_libtorch
}

# As many compilers as there are cores, but none without 2 GB of memory: sources with LibTorch need them.
build_jobs() {
    local cores memory
    cores=$(nproc)
    memory=$(awk '/MemAvailable/ {print int($2 / 2097152)}' /proc/meminfo)
    [ "$memory" -ge 1 ] || memory=1
    echo $((cores < memory ? cores : memory))
}

configure() {
    local preset=$1 folder=$root/build/$1 log key
    log=$folder.configure.log
    # A cache made for another place, compiler or LibTorch does not serve.
    key=$({ echo "$root"; cmake --version; suitable_nvcc || true; libtorch_key; cat "$root/CMakePresets.json"; } | sha256sum)
    [ -f "$folder/build.ninja" ] && [ "$(cat "$folder/.setup-key" 2>/dev/null)" = "$key" ] && return
    say "Configuring ($preset)"
    mkdir -p "$root/build"
    if ! (cd "$root" && cmake --fresh --preset "$preset") >"$log" 2>&1; then
        grep -A12 'CMake Error' "$log" | head -40 >&2
        fail "configuring failed; the whole log is $log"
    fi
    echo "$key" >"$folder/.setup-key"
}

build() {
    local preset=$1 log=$root/build/$1.build.log
    shift
    configure "$preset"
    NINJA_STATUS='[%f/%t] ' ninja -C "$root/build/$preset" -j "$(build_jobs)" -k 0 "$@" 2>&1 | tee "$log" |
        show_build_progress "Building ($preset)"
    if [ "${PIPESTATUS[0]}" -ne 0 ]; then
        # From the first failure on, without progress and the compilers' command lines.
        sed -nE '/^(FAILED|CMake Error)/,$p' "$log" | grep -vE '^\[[0-9]+/[0-9]+\] |^(: && )?/.* -o |^-- ' | head -80 >&2
        fail "the build failed; the whole log is $log"
    fi
}
