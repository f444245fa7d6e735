"""Compiles all C of the project with every warning an error: host code with gcc and clang, firmware with RISC-V GCC.

A new folder with C goes into `units`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from iss.builtin import full_architecture
from iss.engines.generate import interpreter_source

ROOT = Path(__file__).resolve().parents[2]
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Werror", "-O2", "-c", "-o", os.devnull)
HOST_COMPILERS = ("gcc", "clang")
FIRMWARE_COMPILER = "riscv64-unknown-elf-gcc"
APT_PACKAGES = {
    "gcc": "gcc",
    "clang": "clang",
    FIRMWARE_COMPILER: "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
}
FIRMWARE_FLAGS = (
    "-misa-spec=2.2",
    "-march=rv32im",
    "-mabi=ilp32",
    "-std=gnu11",
    "-specs=picolibc.specs",
    "-DITERATIONS=1",
    "-Itests/oracles/runtime",
    "-Itools/bench",
)


@dataclass(frozen=True)
class Unit:
    """One compilation: compiler, file and the flags besides WARNINGS."""

    compiler: str
    source: Path
    flags: tuple[str, ...]

    def complaints(self) -> str:
        """What the compiler says; nothing if it is content."""
        command = [self.compiler, *self.flags, *WARNINGS, str(self.source)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stderr


def interpreter(directory: Path) -> Path:
    """Write the generated interpreter with bodies for the callbacks that cffi defines."""
    source = interpreter_source(full_architecture())
    callbacks = re.findall(r"^static (?:uint32_t|void) nh_\w+\([^)]*\);$", source, re.MULTILINE)
    bodies = [f"{declaration.removesuffix(';')} {{ abort(); }}" for declaration in callbacks]
    unused = '#pragma GCC diagnostic ignored "-Wunused-parameter"\n'
    path = directory / "interpreter.c"
    path.write_text(source + unused + "\n".join(bodies) + "\n", encoding="utf-8")
    return path


def units(directory: Path) -> Iterator[Unit]:
    """Every C file with every compiler it is meant for."""
    generated = interpreter(directory)
    for compiler in HOST_COMPILERS:
        yield Unit(compiler, generated, ("-std=gnu11", "-Icoprocessor/include"))
        for source in sorted((*ROOT.glob("coprocessor/src/*.c"), *ROOT.glob("coprocessor/fuzz/*.c"))):
            yield Unit(compiler, source, ("-std=c11", "-pedantic", "-Icoprocessor/include"))
    for pattern in ("tests/firmware/*.c", "tests/oracles/runtime/*.c", "tools/bench/**/*.c"):
        for source in sorted(ROOT.glob(pattern)):
            yield Unit(FIRMWARE_COMPILER, source, FIRMWARE_FLAGS)


def main() -> int:
    """Compile everything; 1 if a compiler is missing or complains."""
    for compiler, package in APT_PACKAGES.items():
        if shutil.which(compiler) is None:
            print(f"{compiler} is missing; run: apt-get install {package}")
            return 1
    directory = ROOT / "build" / "warnings"
    directory.mkdir(parents=True, exist_ok=True)
    todo = list(units(directory))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = list(pool.map(Unit.complaints, todo))
    for unit, text in zip(todo, complaints, strict=True):
        if text:
            print(f"--- {unit.compiler} {unit.source.relative_to(ROOT)}\n{text}")
    failed = sum(map(bool, complaints))
    print(f"{len(todo)} compilations, {failed} with complaints")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
