"""The C firmware of this directory, built with picolibc, and what it must print.

A program either states its output in its first comment (`// expect:` lines and `// exit:`), or prints the same when
compiled for this computer.
"""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

from iss.memory.map import MemoryMap
from tests.oracles.building import Program, cached, run_compiler
from tests.oracles.toolchain import host_compiler

HERE = Path(__file__).parent
RUNTIME = HERE.parent / "oracles" / "runtime"
NAMES = tuple(sorted(path.stem for path in HERE.glob("*.c") if path.stem != "glue"))

LIBRARY = ("-DPICOLIBC_DOUBLE_PRINTF_SCANF", "-Wl,--undefined=exit", "-Wl,--undefined=__libc_init_array")
"""printf with floating point; and the functions that the start-up code calls when they are there."""


def firmware(name: str, optimisation: str = "-O2") -> Program:
    """One program with start-up code, console and picolibc."""
    return Program(
        name=f"firmware-{name}{optimisation}",
        sources=(RUNTIME / "start.S", RUNTIME / "tohost.S", RUNTIME / "htif.c", HERE / "glue.c", HERE / f"{name}.c"),
        include=(RUNTIME,),
        flags=("-nostartfiles", optimisation, "-std=gnu11", "-Wall", "-Wextra", "-specs=picolibc.specs", *LIBRARY),
        libraries=("-lm",),
        freestanding=False,
    )


def stock_firmware(name: str) -> Program:
    """One program with picolibc's own start-up code and link script: data lies in "flash" and is copied into RAM."""
    ram = MemoryMap().ram
    half = ram.size // 2
    areas = {"__flash": ram.base, "__flash_size": half, "__ram": ram.base + half, "__ram_size": half}
    return Program(
        name=f"stock-firmware-{name}",
        sources=(RUNTIME / "tohost.S", RUNTIME / "htif.c", HERE / "glue.c", HERE / f"{name}.c"),
        include=(RUNTIME,),
        flags=(
            *("-O2", "-std=gnu11", "-specs=picolibc.specs", "--crt0=hosted", "-DTOHOST_IN_BSS", LIBRARY[0]),
            *(f"-Wl,--defsym={symbol}={value:#x}" for symbol, value in areas.items()),
        ),
        libraries=("-lm",),
        freestanding=False,
        own_layout=False,
    )


@cache
def expectation(name: str) -> tuple[int, str]:
    """Exit code and output."""
    source = HERE / f"{name}.c"
    text = source.read_text()
    stated = re.findall(r"^// expect: (.*)$", text, re.MULTILINE)
    if stated:
        code = re.search(r"^// exit: (\d+)", text, re.MULTILINE)
        return int(code[1]) if code else 0, "".join(f"{line}\n" for line in stated)
    command = [str(host_compiler()), "-O1", "-w", str(source), "-lm"]
    program = cached(
        [*command, source.read_bytes()], f"host-{name}", lambda path: run_compiler([*command, "-o", str(path)])
    )
    done = subprocess.run([program], capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout
