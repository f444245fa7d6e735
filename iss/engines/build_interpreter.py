"""cffi builder of `iss.engines._interpreter`; setuptools runs it by `cffi_modules`, so it finds the project by itself."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from cffi import FFI  # noqa: E402

from iss.builtin import full_architecture  # noqa: E402
from iss.engines.generate import cdef, fingerprint, interpreter_source  # noqa: E402

COMPILE_ARGS = ["-std=gnu11", "-O2", "-fno-gcse", "-fno-crossjumping", "-Wall", "-Wextra", "-Wconversion"]
# cffi's own glue is not written for these warnings.
COMPILE_ARGS += ["-Wno-conversion", "-Wno-sign-conversion", "-Wno-unused-parameter"]


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
