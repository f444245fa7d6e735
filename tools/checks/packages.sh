#!/usr/bin/env bash
# Proves that the committed state installs from a clean clone in every way and with both compilers: packages.sh PYTHON.
# Each installation is a virtual environment of its own, outside of the checkout, that must run two programs.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=$1
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_QUIET=1

# environment NAME WHAT...: install into a new environment and run the programs from a directory that has no project in it.
environment() {
    local name=$1 program
    shift
    "$python" -m venv "$work/$name"
    "$work/$name/bin/pip" install "$@"
    for program in hello digits; do
        (cd "$work" && "$work/$name/bin/neurohart" run --engine interpreter --quiet --check "$here/programs/$program") \
            > /dev/null
    done
    echo "$CC: pip install ${*/#$work\//} works"
}

# compiler CC: everything with one compiler.
compiler() {
    export CC=$1
    git clone --quiet "$here" "$work/clone-$CC"
    cd "$work/clone-$CC"
    environment "plain-$CC" .
    environment "editable-$CC" --editable .
    "$python" -m pip wheel --no-deps --wheel-dir "$work/dist-$CC" .
    environment "wheel-$CC" "$work/dist-$CC"/neurohart-*.whl
    if [[ $CC == gcc ]]; then
        "$python" -m build --sdist --outdir "$work/dist-source" . > "$work/log" || { cat "$work/log"; return 1; }
        environment source "$work/dist-source"/neurohart-*.tar.gz
    fi
}

# Both at once; `wait PID` gives back how each ended.
(compiler gcc) &
first=$!
(compiler clang) &
second=$!
failed=0
wait "$first" || failed=1
wait "$second" || failed=1
exit "$failed"
