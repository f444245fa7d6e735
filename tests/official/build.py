"""The official RISC-V tests as programs: riscv-tests (rv32ui, rv32um, rv32mi) and riscv-arch-tests, built at test time.

Their sources come with the package pythondata-cpu-ibex; the environment headers (`env`, `arch_env`) are ours, because
the shipped ones end a test through a device that only that processor's testbench has.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from tests.oracles.building import Program
from tests.oracles.toolchain import official_sources

HERE = Path(__file__).parent
SUITES = ("rv32ui", "rv32um", "rv32mi")
ARCH_SUITES = ("I", "M", "Zifencei", "privilege")


@cache
def _source_with_includes(path: Path) -> tuple[Path, ...]:
    """An assembly file and the assembly files it includes."""
    found = [path]
    for name in re.findall(r'#include "([^"]+\.S)"', path.read_text()):
        found += _source_with_includes((path.parent / name).resolve())
    return tuple(found)


def riscv_tests() -> list[Program]:
    """The physical-memory single-hart ("-p") variants of the three suites."""
    vendor = official_sources()
    isa = vendor / "riscv-tests" / "isa"
    include = (HERE / "env", vendor / "riscv-test-env", isa / "macros" / "scalar")
    return [
        Program(
            name=f"{suite}-p-{source.stem}",
            sources=(source,),
            include=include,
            included=_source_with_includes(source)[1:],
        )
        for suite in SUITES
        for source in sorted((isa / suite).glob("*.S"))
    ]


def arch_tests() -> list[Program]:
    """The RV32 architecture tests of the base ISA, M, Zifencei and the privileged architecture.

    A test file holds cases that its macros enable: all whose definitions the source asks for.
    """
    suite = official_sources() / "riscv-arch-tests" / "riscv-test-suite"
    programs = []
    for part in ARCH_SUITES:
        for source in sorted((suite / "rv32i_m" / part / "src").glob("*.S")):
            defined = sorted(set(re.findall(r"def\s+(\w+)\s*=\s*True", source.read_text())))
            programs.append(
                Program(
                    name=f"{part}-{source.stem}",
                    sources=(source,),
                    include=(HERE / "arch_env", suite / "env"),
                    flags=("-DXLEN=32", *(f"-D{name}=True" for name in defined)),
                    entry="rvtest_entry_point",
                )
            )
    return programs
