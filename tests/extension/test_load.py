"""The extension file: what it says is what every engine does, and what is wrong in it has a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from asm import assemble
from asm.source import Source
from iss.errors import NeuroHartError
from iss.extension import architecture_with, load_extensions
from iss.machine import End, Machine
from tests.extension.spiking import HEAD, SPIKING

PROGRAM = """
    .include "crt0.inc"
main:
    li a0, 3
    li a1, 1000
    csrr a2, spk_vth
    csrr a3, spk_odd
    li t0, 1900
    csrw spk_vth, t0
    spk.lif a4, a0, a1
    spk.lif a5, a0, a1
    la t1, data
    addi t2, t1, 4
    spk.sum a6, t1, t2
    csrr a7, spk_odd
    csrr s2, spk_wide
    li s3, -1
    spk.lif zero, s3, s3
    li a0, 0
    ret
    .data
data: .word 0x83828180, 0x10000fff
"""


def load(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "file.py"
    path.write_text(text, encoding="utf-8")
    return load_extensions(path)


@pytest.mark.parametrize("engine", ["reference", "interpreter"])
def test_a_program_with_state_csrs_and_memory(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    architecture = architecture_with(load(tmp_path, SPIKING))
    assert architecture.isa.endswith("_xspk")
    machine = Machine(architecture, engine)
    machine.load(assemble([Source("p.S", PROGRAM)], architecture=architecture).image())
    assert machine.run().end is End.EXIT
    x, state = machine.hart.x, machine.hart.state
    assert (x[12], x[13]) == (1024, 0xFFFF_FFFD)
    assert (x[14], x[15]) == (0, 1)  # 1000, then 1000 - 62 + 1000 >= 1900
    assert x[16] == 0x10000FFF + 0x80
    assert (x[17], state.odd) == (0xFFFF_F07F, 0x107F - 0x2000)  # bit 12 of 0x1000107f is the sign of 13 bits
    assert x[18] == (-1 + 2 * 12345678901) >> 32
    assert (state.v[3], state.v[255], state.wide) == (0, -1, -1 + 3 * 12345678901)


def test_a_state_keeps_its_low_bits(tmp_path: Path) -> None:
    (extension,) = load(tmp_path, SPIKING)
    machine = Machine(architecture_with([extension]), "reference")
    state = machine.hart.state
    state.odd = 0x1FFF
    assert state.odd == -1
    state.v[255] = 0x8000
    assert state.v[255] == -0x8000
    with pytest.raises(AttributeError, match="no extension has a state"):
        _ = state.nothing


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import os\n", "defines no extension"),
        ("from iss.extension import Extension\nx = Extension('xspk')\n", "file.py:2: extension xspk has no instr"),
        ("x = (\n", "file.py:1: .* the file is Python"),
        ("\n\nraise SystemExit(3)\n", "file.py:3: SystemExit"),
        (HEAD + "x = Extension('spk')\n", "file.py:2: extension 'spk': a custom extension is named x"),
        (HEAD + "x = Extension('xspk')\nx.state('v', 16)\n", "file.py:3: state 'v': 16 is no width"),
        (HEAD + "x = Extension('xspk')\nx.state('v', signed(65))\n", "file.py:3: .*a width is 1 to 64 bits"),
        (HEAD + "x = Extension('xspk')\nx.state('int', signed(5))\n", "file.py:3: state 'int': expected a C name"),
        (
            HEAD + "x = Extension('xspk')\nx.state('buffer', signed(5))\n",
            "file.py:3: state 'buffer': hart.st",
        ),
        (HEAD + "x = Extension('xspk')\nx.state('v', signed(5), reset=16)\n", "file.py:3: .*16 does not fit signed"),
        (HEAD + "x = Extension('xspk')\nx.csr(0x7D0, 'c', '', state='v')\n", "file.py:3: CSR c: 'v' is no state"),
        (SPIKING.replace("0000001 rs2", "0000000 rs2"), r"file.py:\d+: the encoding of spk.sum overlaps spk.lif"),
        (SPIKING.replace("u8(hart.x[insn.rs1])", "hart.x[insn.rs1]"), r"file.py:19: index .* is outside 0..255"),
        (SPIKING.replace("hart.state.v[i]\n", "hart.state.w[i]\n", 1), "file.py:19: there is no state 'w'"),
        (SPIKING.replace("cycles=4", "cycles=256"), "costs 256 cycles"),
        (SPIKING.replace("cycles=4", "colour=4"), "colour= is not understood"),
        (SPIKING.replace("energy_pj=1.2", "energy_pj=-1"), "expected a number of picojoules"),
        (SPIKING.replace('"rs2": s16', '"rs3": s16'), r"operands\['rs3'\] .* is no operand's width"),
    ],
)
def test_what_is_wrong_has_a_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(NeuroHartError, match=message):
        load(tmp_path, text)


def test_a_clash_with_the_base_is_refused(tmp_path: Path) -> None:
    text = SPIKING.replace('"0000001 rs2 rs1 000 rd 1011011"', '"0000001 rs2 rs1 000 rd 0110011"')
    with pytest.raises(NeuroHartError, match=r"the encoding of spk\.sum overlaps mul"):
        architecture_with(load(tmp_path, text))


def test_modules_beside_the_file_are_its_own(tmp_path: Path) -> None:
    """Two folders with a module of one name, and a module that changes, are three different things."""
    text = HEAD + "from helper import CYCLES\nx = Extension('xone')\n" + (
        "@x.instruction('0000000 00000 rs1 000 rd 1011011', 'one.a rd, rs1', cycles=CYCLES)\n"
        "def a(hart, insn):\n    'Move.'\n    hart.x[insn.rd] = hart.x[insn.rs1]\n"
    )  # fmt: skip
    for folder, cycles in (("a", 3), ("b", 4), ("a", 5)):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "helper.py").write_text(f"CYCLES = {cycles}\n")
        (tmp_path / folder / "x.py").write_text(text)
        (extension,) = load_extensions(tmp_path / folder / "x.py")
        assert extension.instructions.by_mnemonic["one.a"].cycles == cycles
        assert sorted(path.name for path in (tmp_path / folder).iterdir()) == ["helper.py", "x.py"]
