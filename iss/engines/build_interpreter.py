"""cffi builder of `iss.engines._interpreter`, run by setuptools (`cffi_modules`): it finds the project by itself."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from cffi import FFI  # noqa: E402

from iss.builtin import full_architecture  # noqa: E402
from iss.engines.generate import cdef, fingerprint, interpreter_source  # noqa: E402

# Both options keep one indirect jump in each handler. Warnings are checked by `make cwarnings`.
COMPILE_ARGS = ["-std=gnu11", "-O2", "-fno-gcse", "-fno-crossjumping"]


def make() -> FFI:
    """Return the builder for the full architecture."""
    architecture = full_architecture()
    source = interpreter_source(architecture)
    builder = FFI()
    builder.cdef(cdef(architecture) + "extern const char nh_fingerprint[];\n")
    builder.set_source(
        "iss.engines._interpreter",
        f'{source}\nconst char nh_fingerprint[] = "{fingerprint(source)}";\n',
        include_dirs=[str(ROOT / "coprocessor" / "include")],
        extra_compile_args=COMPILE_ARGS,
        py_limited_api=True,
    )
    return builder


ffibuilder = make()
