"""Builds coprocessor._native, the C coprocessor behind cffi (API mode, stable ABI).
setuptools runs it by cffi_modules=["coprocessor/build_native.py:ffibuilder"]; run as a script it builds in place.
The header is the definition; sources are all of src/.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

from cffi import FFI

HERE = Path(__file__).resolve().parent
HEADER = HERE / "include" / "neurohart" / "coprocessor.h"


def definitions(header: str) -> str:
    """The header without comments and preprocessor lines, as cffi wants it."""
    without_comments = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    return "\n".join(line for line in without_comments.splitlines() if not line.startswith("#"))


def located(path: Path) -> str:
    """The path as the build wants it: setuptools relative to its directory, an in-place build absolute."""
    return str(path) if __name__ == "__main__" else os.path.relpath(path)


ffibuilder = FFI()
ffibuilder.cdef(definitions(HEADER.read_text(encoding="utf-8")))
ffibuilder.set_source(
    "coprocessor._native",
    '#include "neurohart/coprocessor.h"',
    sources=[located(path) for path in sorted((HERE / "src").glob("*.c"))],
    depends=[located(path) for path in [HEADER, *sorted((HERE / "src").glob("*.h"))]],
    include_dirs=[located(HERE / "include")],
    extra_compile_args=["-std=c11", "-O3", "-fvisibility=hidden"],
    py_limited_api=True,
)

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copy(ffibuilder.compile(tmpdir=scratch), HERE)
