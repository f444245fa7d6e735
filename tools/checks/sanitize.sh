#!/usr/bin/env bash
# Runs the tests of the C parts with AddressSanitizer and UndefinedBehaviorSanitizer: sanitize.sh PYTHON [pytest arguments].
# A copy of the checkout in build/sanitize is compiled with them, so that the normal build stays as it is.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=$1
shift
compiler=gcc
copy=build/sanitize

rm -rf "$copy"
mkdir -p "$copy"
git ls-files --cached --others --exclude-standard -z | tar --create --null --files-from=- --ignore-failed-read 2>/dev/null \
    | tar --extract --directory="$copy"
cd "$copy"
# The flags go last, behind the modules' own. -O1 keeps reports readable and compiling short; the first error ends the
# process, and so fails the test.
cat > cc <<COMPILER
#!/bin/sh
exec $compiler "\$@" -O1 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
COMPILER
chmod +x cc
CC=$PWD/cc "$python" setup.py --quiet build_ext --inplace --parallel 2

# Python is not instrumented, so each Python process must load the sanitizers' libraries first, and only those:
# compilers and other simulators that tests start would just be slow. Every Python begins with sitecustomize.
export SANITIZERS
SANITIZERS="$($compiler -print-file-name=libasan.so) $($compiler -print-file-name=libubsan.so)"
cat > sitecustomize.py <<'PYTHON'
import os
import sys

if os.environ.pop("LD_PRELOAD", None) is None:
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, "LD_PRELOAD": os.environ["SANITIZERS"]})
del os.RTLD_DEEPBIND  # capstone asks for its library with a flag that AddressSanitizer refuses
PYTHON
# Python leaks on purpose.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
export PYTHONMALLOC=malloc PYTHONPATH=$PWD
"$python" - <<'PYTHON'
import pathlib, sys
from coprocessor import _native
from iss.engines import _interpreter
for module in _native, _interpreter:
    if not pathlib.Path(module.__file__).is_relative_to(pathlib.Path.cwd()):
        sys.exit(f"{module.__file__} is not the sanitized build")
if "libasan" not in pathlib.Path("/proc/self/maps").read_text():
    sys.exit("AddressSanitizer is not loaded")
PYTHON
exec "$python" -m pytest -p no:cacheprovider "$@"
