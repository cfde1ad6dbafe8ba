# SPDX-License-Identifier: GPL-3.0-or-later
# LibTorch with its CUDA libraries from PyPI, and nvcc where the machine has none, in .deps/python. Sourced by setup.sh.

libtorch_needs_gb=12   # at most, while installing: downloads 2.8, unpacked 4.9, room for a retry and the build
libtorch_total_mb=7700 # downloads and unpacked files together, for the progress

# A CUDA compiler of the machine's own that goes with LibTorch's CUDA 13.0.
suitable_nvcc() {
    local nvcc
    for nvcc in "${CUDACXX:-}" "$(command -v nvcc)" "${CUDA_HOME:+$CUDA_HOME/bin/nvcc}" /usr/local/cuda/bin/nvcc; do
        if [ -x "$nvcc" ] && "$nvcc" --version 2>/dev/null | grep -q 'release 13\.'; then
            echo "$nvcc"
            return 0
        fi
    done
    return 1
}

# What .deps/python was made from, or is to be made from.
libtorch_key() { cat "$deps/python/.complete" 2>/dev/null; }
wanted_requirements() {
    sed '/^#/d' "$root/setup/python-packages.txt"
    suitable_nvcc >/dev/null || sed '/^#/d' "$root/setup/python-packages-nvcc.txt"
}

install_libtorch() {
    local wanted present
    wanted=$(wanted_requirements)
    present=$(libtorch_key)
    # A folder that holds nvcc as well serves a machine that has got one since.
    [ "$wanted" = "$present" ] || [ "$wanted" = "$(head -n "$(wc -l <<<"$wanted")" <<<"$present")" ] && return

    local free temporary=$deps/temporary target=$deps/python.partial log=$deps/pip.log
    rm -rf "$temporary" "$target"
    free=$(($(df --output=avail -k "$deps" | tail -n 1) / 1048576))
    if [ "$free" -lt $libtorch_needs_gb ]; then
        fail "not enough room in $root: LibTorch with its CUDA libraries and the build need $libtorch_needs_gb GB," \
             "$free GB are free"
    fi
    say "Installing LibTorch and its CUDA libraries from PyPI into .deps/ (2.8 GB to download, 5 GB unpacked)"
    mkdir -p "$temporary"
    # Downloads and temporary files stay in the checkout (/tmp is often small); what pip may
    # keep of them serves the next try after an interruption.
    env -u PYTHONPATH -u PYTHONHOME TMPDIR="$temporary" PIP_CACHE_DIR="${PIP_CACHE_DIR:-$deps/cache}" PIP_USER=0 \
        PIP_REQUIRE_VIRTUALENV=0 "$system_python" -I -m pip install --target "$target" --only-binary :all: \
        --progress-bar off --root-user-action ignore --disable-pip-version-check --no-warn-conflicts \
        $wanted >"$log" 2>&1 9>&- &
    local pip=$!
    trap 'kill $pip 2>/dev/null; exit 130' INT TERM
    while kill -0 $pip 2>/dev/null; do
        local done_mb
        done_mb=$(du -sm --total "$temporary" "$target" 2>/dev/null | tail -n 1 | cut -f 1)
        show_progress "LibTorch" $((done_mb * 100 < libtorch_total_mb * 99 ? done_mb * 100 / libtorch_total_mb : 99)) \
            "$done_mb MB"
        sleep 1
    done
    end_progress
    trap - INT TERM
    if ! wait $pip; then
        grep -iE 'error|no space' "$log" | tail -4 >&2
        rm -rf "$temporary" "$target"
        if grep -qiE 'no space left' "$log"; then fail "the disk is full; LibTorch needs $libtorch_needs_gb GB in $root"; fi
        if grep -qiE 'connection|resolve|timed out|no matching distribution' "$log"; then
            fail "PyPI cannot be reached, or a package is not on it; check the network and start this again (log: $log)"
        fi
        fail "LibTorch could not be installed (log: $log)"
    fi
    complete_cuda_toolkit "$target/nvidia/cu13"
    printf '%s\n' "$wanted" >"$target/.complete"
    rm -rf "$deps/python"
    mv "$target" "$deps/python"
    rm -rf "$temporary" "$deps/cache"
}

# The wheels lay the toolkit out for running; compiling wants lib64 and the libraries' plain names as well.
complete_cuda_toolkit() {
    local library
    [ -d "$1/lib" ] || return 0
    [ -e "$1/lib64" ] || ln -s lib "$1/lib64"
    for library in "$1"/lib/lib*.so.*; do
        [ -e "${library%%.so.*}.so" ] || ln -s "$(basename "$library")" "${library%%.so.*}.so"
    done
}
