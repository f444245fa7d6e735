"""cffi builder of `iss.engines._interpreter`, run by setuptools (`cffi_modules`): it finds the project by itself."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from cffi import FFI  # noqa: E402

from iss.builtin import full_architecture  # noqa: E402
from iss.engines.generate import cdef, fingerprint, interpreter_source  # noqa: E402

# Warnings are checked by `make cwarnings`.
COMPILE_ARGS = ["-std=gnu11", "-O2"]
# Both keep one indirect jump in each handler; clang has no such options and needs none.
GCC_ARGS = ["-fno-gcse", "-fno-crossjumping"]


def accepted(options: list[str]) -> list[str]:
    """Return those options that the compiler of this build takes without complaint."""
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")

    def takes(option: str) -> bool:
        command = [*compiler, "-Werror", option, "-fsyntax-only", "-x", "c", os.devnull]
        try:
            return subprocess.run(command, capture_output=True, check=False).returncode == 0
        except OSError:  # no compiler: the build itself will say so
            return False

    return [option for option in options if takes(option)]


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
        extra_compile_args=COMPILE_ARGS + accepted(GCC_ARGS),
        py_limited_api=True,
    )
    return builder


ffibuilder = make()
