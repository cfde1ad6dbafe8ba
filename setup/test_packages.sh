# SPDX-License-Identifier: GPL-3.0-or-later
# What only the long tests want: Debian packages, and Python packages in .deps/test-python. Sourced by test.sh after
# setup.sh. Where they cannot be installed the tests that want them are skipped.

install_test_packages() {
    (install_debian_packages extended) || say "Tests that want LaTeX or a browser are skipped where there is none."
    install_test_python
}

install_test_python() {
    local wanted target=$deps/test-python log=$deps/pip-test.log
    wanted=$(sed '/^#/d' "$root/setup/python-packages-extended.txt")
    [ "$wanted" = "$(cat "$target/.complete" 2>/dev/null)" ] && return
    say "Installing TensorBoard from PyPI into .deps/, to read what the lab writes (45 MB)"
    rm -rf "$target" "$target.partial"
    if env -u PYTHONPATH -u PYTHONHOME PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 "$system_python" -I -m pip install \
        --target "$target.partial" --only-binary :all: --progress-bar off --root-user-action ignore \
        --disable-pip-version-check --no-warn-conflicts $wanted >"$log" 2>&1 9>&-; then
        printf '%s\n' "$wanted" >"$target.partial/.complete"
        mv "$target.partial" "$target"
    else
        rm -rf "$target.partial"
        say "TensorBoard could not be installed (log: $log); the test that wants it is skipped."
    fi
}
