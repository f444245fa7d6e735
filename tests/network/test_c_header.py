"""xnm.h: two compilers take it without a warning, and C firmware gets from every intrinsic what Python gets."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from functools import cache
from pathlib import Path
from random import Random

import pytest

from coprocessor.c_header import SIGNATURES, TYPES, header
from coprocessor.csrs import BY_NAME, TABLE
from coprocessor.golden import Coprocessor as Golden
from coprocessor.instructions import xnmeng, xnmlrn, xnmspk
from coprocessor.interface import REGISTER_INSTRUCTIONS
from iss.loaders import load_image
from iss.machine import End, Machine
from tests.coprocessor import operands
from tests.network.firmware import ISA
from tests.oracles.building import link_script
from tests.oracles.toolchain import ToolMissing, cross_compiler, host_compiler, require

HERE = Path(__file__).parent
RUNTIME = HERE.parent / "oracles" / "runtime"
WARNINGS = ("-std=c11", "-ffreestanding", "-Wall", "-Wextra", "-Wconversion", "-Wpedantic", "-Werror")
COMPILERS = ("gcc", "clang")


@cache
def clang() -> Path:
    """Clang, which compiles for RISC-V as it is."""
    found = shutil.which("clang")
    if found is None:
        raise ToolMissing("clang is missing; run: apt-get install clang")
    return Path(found)


def compiler(name: str) -> list[str]:
    """Command for RV32 objects."""
    if name == "clang":
        return [str(require(clang)), "--target=riscv32", "-march=rv32im", "-mno-relax"]
    return [str(require(cross_compiler)), "-misa-spec=2.2", "-march=rv32im", "-mabi=ilp32", "-mcmodel=medany"]


def call(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def build(name: str, source: str, directory: Path, optimisation: str = "-O2") -> Path:
    """An ELF file of one C text with xnm.h; compiled by `name`, linked by GNU tools with the tests' start-up code."""
    (directory / "xnm.h").write_text(header())
    (directory / "main.c").write_text(source)
    compiled = [*compiler(name), *WARNINGS, optimisation, f"-I{directory}", "-c", str(directory / "main.c")]
    call([*compiled, "-o", str(directory / "main.o")])
    gnu = [
        *compiler("gcc"),
        "-ffreestanding",
        "-nostdlib",
        "-static",
        "-Wl,--no-warn-rwx-segments",
        "-T",
        str(link_script()),
    ]
    sources = [str(RUNTIME / "start.S"), str(RUNTIME / "tohost.S"), str(RUNTIME / "htif.c"), f"-I{RUNTIME}"]
    call([*gnu, *sources, str(directory / "main.o"), "-o", str(directory / "main.elf"), "-lgcc"])
    return directory / "main.elf"


def run(path: Path) -> Machine:
    """The machine at the end of the program."""
    machine = Machine(ISA)
    machine.load(load_image(path))
    outcome = machine.run(10_000_000)
    assert outcome.end is End.EXIT and outcome.exit_code == 0, outcome
    return machine


def words(machine: Machine, symbol: str, count: int) -> list[int]:
    place = machine.symbol(symbol) - machine.ram.base
    return list(struct.unpack(f"<{count}I", bytes(machine.ram.buffer[place : place + 4 * count])))


@pytest.mark.parametrize("name", COMPILERS)
def test_engine(name: str, tmp_path: Path) -> None:
    """The numbers of specification 9.1, and errors as negative results."""
    machine = run(build(name, (HERE / "engine.c").read_text(), tmp_path))
    found = [value - (value >> 31 << 32) for value in words(machine, "result", 12)]
    assert found == [0, -25, 25, 2, 25, 76, 1, 1, 2, 8, 90, 0x20]


def every_instruction(values: dict[str, list[int]], csrs: dict[str, int]) -> str:
    """C that calls each register-level intrinsic once, in the order of REGISTER_INSTRUCTIONS."""
    lines = ['#include "xnm.h"', f"uint32_t result[{len(values)}];", "int main(void)", "{", "    nm_enable(1);"]
    lines += [f"    nm_write_{name}({value:#x}u);" for name, value in csrs.items()]
    for index, (name, given) in enumerate(values.items()):
        kinds = SIGNATURES.get(name, "uuuu")
        kinds = kinds if name in _reads_rd() else kinds[1:]
        arguments = ", ".join(f"({TYPES[kind]}){value:#x}u" for kind, value in zip(kinds, given, strict=False))
        lines.append(f"    result[{index}] = (uint32_t)nm_{name}({arguments});")
    return "\n".join([*lines, "    return 0;", "}", ""])


def _reads_rd() -> set[str]:
    sets = (*xnmspk, *xnmlrn)
    return {
        name
        for name, arity in REGISTER_INSTRUCTIONS.items()
        for definition in sets
        if definition.mnemonic == f"nm.{name}" and arity > sum(f"rs{k}" in definition.encoding.fields for k in (1, 2))
    }


@pytest.mark.parametrize("name", COMPILERS)
@pytest.mark.parametrize("seed", range(3))
def test_every_register_level_intrinsic(name: str, seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    names = ("mode", "p0", "p1", "p2", "p3", "vth", "vrst", "rng", "lmode", "wlim", "l0", "l1", "l2", "l3")
    csrs = {csr: operands.word(random) for csr in names} | {"mode": operands.mode(random)}
    values = {key: [operands.word(random) for _ in range(arity)] for key, arity in REGISTER_INSTRUCTIONS.items()}
    golden = Golden(bytearray(16), 0x8000_0000)
    for csr, value in csrs.items():
        golden.csr_write(BY_NAME[f"nm_{csr}"].number, value, 0)
    expected = [getattr(golden, key)(*given) for key, given in values.items()]
    machine = run(build(name, every_instruction(values, csrs), tmp_path, ("-O0", "-O2", "-Os")[seed]))
    assert words(machine, "result", len(values)) == expected
    assert machine.coprocessor.state()["csr"]["rng"] == golden.state()["csr"]["rng"]
    assert machine.coprocessor.state()["csr"]["spk"] == golden.state()["csr"]["spk"]


@pytest.mark.parametrize("name", COMPILERS)
def test_encodings_of_all_intrinsics(name: str, tmp_path: Path) -> None:
    """The object code of both compilers has the encoding of every instruction, once."""
    definitions = [*xnmspk, *xnmlrn, *xnmeng]
    called = []
    for definition in definitions:
        short = definition.mnemonic.removeprefix("nm.")
        found = next(line for line in header().splitlines() if f" nm_{short}(" in line and line.startswith("static"))
        count = 0 if "(void)" in found else found.count(",") + 1
        called.append(f"    (void)nm_{short}({', '.join(['0'] * count)});")
    elf = build(name, "\n".join(['#include "xnm.h"', "int main(void)", "{", *called, "return 0;", "}", ""]), tmp_path)
    image = load_image(elf)
    code = next(segment for segment in image.segments if segment.address <= image.entry)
    seen: dict[str, int] = {}
    for offset in range(0, len(code.data) - 3, 4):
        word = int.from_bytes(code.data[offset : offset + 4], "little")
        for definition in definitions:
            if word & definition.encoding.mask == definition.encoding.match:
                seen[definition.mnemonic] = seen.get(definition.mnemonic, 0) + 1
    assert seen == {definition.mnemonic: 1 for definition in definitions}


def test_every_csr_has_its_functions() -> None:
    text = header()
    for csr in TABLE:
        short = csr.name.removeprefix("nm_")
        assert f"uint32_t nm_read_{short}(void)" in text
        assert (f"void nm_write_{short}(uint32_t value)" in text) == csr.writable


def test_other_targets_are_refused(tmp_path: Path) -> None:
    (tmp_path / "xnm.h").write_text(header())
    command = [str(require(host_compiler)), "-fsyntax-only", "-x", "c", str(tmp_path / "xnm.h")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "xnm.h is for RV32" in done.stderr


def test_command_writes_the_header() -> None:
    done = subprocess.run([sys.executable, "-m", "coprocessor.c_header"], capture_output=True, text=True, check=True)
    assert done.stdout == header()
