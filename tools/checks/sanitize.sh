#!/usr/bin/env bash
# Runs the tests of the C parts with AddressSanitizer and UndefinedBehaviorSanitizer: sanitize.sh PYTHON [pytest arguments].
# A copy of the checkout in build/sanitize is compiled with them, so that the normal build stays as it is.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=$1
shift
compiler=gcc
copy=build/sanitize

mkdir -p "$copy"
git ls-files --cached --others --exclude-standard -z | tar --create --null --files-from=- --ignore-failed-read 2>/dev/null \
    | tar --extract --directory="$copy"
cd "$copy"
# -O1 keeps reports readable; the first error ends the process, and so fails the test.
CC=$compiler CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g1 -O1" \
    LDFLAGS="-fsanitize=address,undefined" "$python" setup.py --quiet build_ext --inplace

# Python itself is not instrumented: its interpreter needs the sanitizer's library first and leaks on purpose.
export LD_PRELOAD
LD_PRELOAD="$($compiler -print-file-name=libasan.so) $($compiler -print-file-name=libubsan.so)"
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
export PYTHONMALLOC=malloc PYTHONPATH=$PWD
# capstone asks for its library with a flag that the sanitizer refuses.
echo 'import os; del os.RTLD_DEEPBIND' > sitecustomize.py
"$python" - <<'CHECK'
import pathlib, sys
from iss.engines import _interpreter
if pathlib.Path(_interpreter.__file__).parents[2] != pathlib.Path.cwd():
    sys.exit(f"{_interpreter.__file__} is not the sanitized build")
CHECK
exec "$python" -m pytest -p no:cacheprovider "$@"
