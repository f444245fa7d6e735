"""Compiled interpreters for architectures with a user's extensions: built when first needed, kept in a cache.

The cache is `$XDG_CACHE_HOME/neurohart` (or `~/.cache/neurohart`); a module's name is a hash of its C text, of the
compiler's command and of the versions it is for, so a changed definition makes a new module and nothing gets stale.
"""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import io
import os
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from contextlib import redirect_stdout
from functools import lru_cache
from pathlib import Path
from typing import Any

from iss.errors import NeuroHartError
from iss.isa.catalogue import Architecture

# Without the common handlers of pairs the build takes a second instead of ten; a program runs about a third slower.
COMPILE_ARGS = ("-std=gnu11", "-O1", "-DNH_PAIRS=0", "-fPIC", "-shared", "-w", "-fno-strict-aliasing")
_HEADERS = Path(__file__).resolve().parents[2] / "coprocessor" / "include"
_MODULES: dict[str, Any] = {}


def cache_directory() -> Path:
    """Return the folder of compiled modules; it may not exist yet."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "neurohart"


def compiler() -> list[str]:
    """Return the C compiler's command: $CC, else the one Python was built with, else cc."""
    return shlex.split(os.environ.get("CC") or (sysconfig.get_config_var("CC") or "cc").split()[0])


@lru_cache(maxsize=16)
def custom_module(architecture: Architecture) -> Any:
    """Return the interpreter for an architecture; NeuroHartError if it cannot be compiled."""
    from iss.engines.generate import cdef, interpreter_source

    source, declared = interpreter_source(architecture), cdef(architecture)
    parts = (source, declared, *compiler(), *COMPILE_ARGS, sys.version, sysconfig.get_platform())
    name = f"_nh_{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:24]}"
    if name not in _MODULES:
        path = cache_directory() / f"{name}.so"
        if not path.exists():
            _compile(name, source, declared, path)
        _MODULES[name] = _load(name, path)
    return _MODULES[name]


def _load(name: str, path: Path) -> Any:
    loader = importlib.machinery.ExtensionFileLoader(name, str(path))
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def _compile(name: str, source: str, declared: str, path: Path) -> None:
    """Compile a cffi module; the file appears complete or not at all."""
    from cffi import FFI

    builder = FFI()
    builder.cdef(declared)
    builder.set_source(name, source)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            text, made = Path(folder, f"{name}.c"), Path(folder, path.name)
            with redirect_stdout(io.StringIO()):  # it says what it does
                builder.emit_c_code(str(text))
            headers = [f"-I{directory}" for directory in (sysconfig.get_paths()["include"], _HEADERS)]
            compile_c([*COMPILE_ARGS, *headers, str(text)], made)
            made.replace(path)
    except OSError as error:
        raise NeuroHartError(
            f"{path.parent}: the compiled extension cannot be kept there ({error.strerror or error}); "
            "set XDG_CACHE_HOME to a folder that can be written, or use --engine reference"
        ) from None


def compile_c(arguments: list[str], output: Path) -> None:
    """Run the C compiler; NeuroHartError with what it said."""
    command = [*compiler(), *arguments, "-o", str(output)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NeuroHartError(
            f"the C compiler {command[0]!r} cannot be run ({error.strerror}); install gcc or clang, set CC, "
            "or use --engine reference"
        ) from None
    if done.returncode:
        raise NeuroHartError(f"{command[0]} failed with code {done.returncode}:\n{done.stderr.strip()[:4000]}")
