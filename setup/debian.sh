# SPDX-License-Identifier: GPL-3.0-or-later
# Debian packages. Sourced by setup.sh.

listed_packages() {  # <desktop|headless|extended>, extended: those besides the desktop's
    local files=("$root/setup/packages-headless.txt")
    case $1 in
        desktop) files+=("$root/setup/packages-desktop.txt") ;;
        extended) files=("$root/setup/packages-extended.txt") ;;
    esac
    sed '/^#/d' "${files[@]}"
}

missing_packages() {
    local wanted=()
    mapfile -t wanted < <(listed_packages "$1")
    printf '%s\n' "${wanted[@]}" | grep -vxF -f <(
        dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null |
            awk '$2 == "installed" {print $1}')
}

check_system() {  # <desktop|headless|extended>
    local ID=unknown VERSION_ID= PRETTY_NAME= preset=release
    [ ! -r /etc/os-release ] || source /etc/os-release
    [ "$ID" = debian ] && [ "$VERSION_ID" = 12 ] && return
    [ "$1" = desktop ] || preset=headless
    fail "this set-up knows Debian 12 only, and this is ${PRETTY_NAME:-another system}: install the packages that the" \
         "README lists and LibTorch, then: cmake --preset $preset -DCMAKE_PREFIX_PATH=<libtorch> &&" \
         "cmake --build --preset $preset"
}

install_debian_packages() {  # <desktop|headless|extended>
    local missing=() privilege=() log=$deps/apt.log
    check_system "$1"
    mapfile -t missing < <(missing_packages "$1")
    [ ${#missing[@]} -gt 0 ] || return 0
    local command="apt-get install -y --no-install-recommends ${missing[*]}"

    if [ "$(id -u)" -ne 0 ]; then
        # sudo may ask for the password only where somebody can type it.
        if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && [ -t 2 ]; }; }; then
            privilege=(sudo)
        else
            say "Some Debian packages are missing, and installing them needs root. Have somebody run:"
            say "    $command"
            fail "then start this again"
        fi
    fi
    say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
    "${privilege[@]}" apt-get update -q >"$log" 2>&1 || say "Debian's package lists could not be renewed; trying as they are."
    # apt's progress comes on descriptor 3, opened inside because sudo closes it.
    "${privilege[@]}" sh -c 'log=$1; shift; DEBIAN_FRONTEND=noninteractive exec "$@" 3>&1 >>"$log" 2>&1' - "$log" \
        apt-get install -y --no-install-recommends -o APT::Status-Fd=3 -o DPkg::Lock::Timeout=300 \
        -o Dpkg::Use-Pty=0 "${missing[@]}" </dev/null 9>&- | show_apt_progress
    if [ "${PIPESTATUS[0]}" -ne 0 ]; then
        grep -E '^(E|W|Err):?' "$log" | tail -4 >&2
        if grep -qE 'Could not resolve|Temporary failure|Unable to connect|Could not connect|Unable to locate' "$log"; then
            fail "Debian's package server cannot be reached; check the network and start this again (log: $log)"
        fi
        fail "the packages could not be installed (log: $log); by hand: $command"
    fi
}

# Reads apt's status lines: dlstatus and pmstatus, "kind:item:percent:description".
show_apt_progress() {
    local kind item percent rest
    while IFS=: read -r kind item percent rest; do
        percent=${percent%%.*}
        [[ $percent =~ ^[0-9]+$ ]] || continue
        case $kind in
            dlstatus) show_progress "Downloading packages" "$percent" ;;
            pmstatus) [ "$progress_phase" = install ] || { end_progress; progress_phase=install; }
                      show_progress "Installing packages" "$percent" "$item" ;;
        esac
    done
    end_progress
}
progress_phase=
