# SPDX-License-Identifier: GPL-3.0-or-later
# Progress on stderr: one line that renews itself on a terminal, a line at every tenth elsewhere. Sourced by setup.sh.

progress_shown=-1
show_progress() {  # <what> <percent> [detail]
    local tenth=$(($2 / 10))
    if [ -t 2 ]; then
        printf '\r\033[K%s: %3d%%  %s' "$1" "$2" "${3:-}" >&2
    elif [ "$tenth" -gt "$progress_shown" ]; then
        say "$1: $2%"
        progress_shown=$tenth
    fi
}
end_progress() {
    [ ! -t 2 ] || printf '\r\033[K' >&2
    progress_shown=-1
}

# Reads ninja's output; says nothing when there was nothing to do.
show_build_progress() {  # <what>
    local line counts
    while IFS= read -r line; do
        [[ $line =~ ^\[([1-9][0-9]*)/([0-9]+)\]\ (.*) ]] || continue
        counts=${BASH_REMATCH[1]}/${BASH_REMATCH[2]}
        [[ ${BASH_REMATCH[3]} != Re-* ]] || continue  # looking for new files, or configuring again
        show_progress "$1" $((100 * ${counts%/*} / ${counts#*/})) "$counts"
    done
    end_progress
}
