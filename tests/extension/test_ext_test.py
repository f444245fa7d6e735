"""`ext test`: implementations that agree, planted bugs, crashes and loops, and what is kept of a counterexample."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import asm
from iss.errors import NeuroHartError
from iss.extension import architecture_with, load_extensions
from iss.extension.anatomy import anatomy
from iss.extension.dut import TestProgram
from iss.extension.implementations import find_implementation
from iss.extension.programs import Programs
from iss.machine import End, Machine
from tests.cli.command import Command
from tests.extension import spiking


@pytest.fixture
def neurohart(capsysbinary: pytest.CaptureFixture[bytes]) -> Command:
    return Command(capsysbinary)


def test_implementations_that_agree(tmp_path: Path, neurohart: Command) -> None:
    path = spiking.write(tmp_path)
    ended = neurohart("ext", "test", path, "--programs", "12", "--json", "-o", tmp_path)
    results = json.loads(ended.output)
    assert ended.code == 0
    assert [result["against"] for result in results] == ["c", "oracle", "other"]
    for result in results:
        assert result["failures"] == []
        assert result["programs"] == 12
        assert result["instructions"] > 12 * 400
        assert result["executed"]["spk.lif"] > 1000
    assert results[0]["executed"]["spk.sum"] > 100
    assert "spk.sum" not in results[1]["executed"]  # the oracle has none


def test_without_another_implementation_the_engines_are_compared(tmp_path: Path, neurohart: Command) -> None:
    ended = neurohart("ext", "test", spiking.write(tmp_path), "--against", "engines", "--programs", "3")
    assert (ended.code, b"ok   xspk against engines: 3 programs" in ended.output) == (0, True)


def test_the_same_seed_makes_the_same_programs(tmp_path: Path) -> None:
    (extension,) = load_extensions(spiking.write(tmp_path))
    programs = [Programs(extension, seed, mnemonics=None).program(4) for seed in (7, 7, 8)]
    assert programs[0] == programs[1] != programs[2]


def test_programs_use_only_what_there_is(tmp_path: Path) -> None:
    (extension,) = load_extensions(spiking.write(tmp_path))
    programs = Programs(extension, 1, frozenset({"state"}))
    for number in range(6):
        program = programs.program(number)
        assert not program.traps
        decoded = [extension.instructions.decode(word) for word in program.words]
        assert {found.mnemonic for found in decoded if found is not None} == {"spk.lif"}  # no memory
        assert not any(word & 0x7F == 0x73 for word in program.code()), "no system instruction"
        assert not any(word & 0xFE00_007F == 0x0200_0033 for word in program.words), "no M"


def run_test_of(path: Path) -> None:
    """Run the test function of a file that was kept."""
    names: dict[str, Any] = {"__file__": str(path)}
    exec(compile(path.read_text(), str(path), "exec"), names)
    next(value for name, value in names.items() if name.startswith("test_"))()


PLANTED = "next >= state->vth"


def test_a_planted_bug_is_found_shrunk_and_kept(
    tmp_path: Path, neurohart: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = spiking.write(tmp_path, c=spiking.C.replace(PLANTED, "next > state->vth"))
    ended = neurohart("ext", "test", path, "--against", "c", "--seed", "7")
    lines = ended.output.decode().splitlines()
    assert ended.code == 1
    assert lines[0].startswith("FAIL spk.lif  against c  seed 7  program ")
    (at,) = [line for line in lines if line.startswith(">>")]
    assert "spk.lif" in at and "spec 0x00000001   dut 0x00000000" in at
    assert sum(line[:4].strip(" >").isdigit() or line.startswith(">>") for line in lines) <= 8
    replay = next(line for line in lines if line.startswith("replay: "))
    assert neurohart(*replay.split()[2:]).output.decode().splitlines()[1:] == lines[1:]
    source, test = (Path(name) for name in lines[-1].removeprefix("kept: ").split(", "))
    with pytest.raises(AssertionError, match="spec 0x00000001, dut 0x00000000"):
        run_test_of(test)
    spiking.write(tmp_path)
    run_test_of(test)
    # The source runs with the extension and ends by itself, with 1 where the definition says so.
    machine = Machine(architecture_with(load_extensions(path)), "reference")
    machine.load(asm.assemble([source], architecture=machine.architecture).image())
    assert machine.run(1000).end is End.EXIT


@pytest.mark.parametrize(
    ("bug", "said"),
    [
        ('for (;;) __asm__ volatile("");', "did not end: an endless loop?"),
        ("*(volatile int *)0 = 1;", "crashed with SIGSEGV"),
        ("__builtin_trap();", "crashed with SIGILL"),
        ("extern void exit(int); exit(3);", "ended its process with code 3"),
    ],
)
def test_a_crash_is_a_counterexample(tmp_path: Path, neurohart: Command, bug: str, said: str) -> None:
    c = spiking.C.replace("uint32_t total =", f"if (rs1 == 0) {{ {bug} }}\n    uint32_t total =")
    ended = neurohart("ext", "test", spiking.write(tmp_path, c=c), "--against", "c", "-o", tmp_path / "kept")
    text = ended.output.decode()
    assert ended.code == 1 and said in text
    assert text.count("\n") < 8 and ">>" in text


def test_what_a_reset_does_not_clear(tmp_path: Path, neurohart: Command) -> None:
    c = spiking.C.replace("const int fires =", "static unsigned runs;\n    const int fires = ++runs % 5000 == 0 ||")
    ended = neurohart("ext", "test", spiking.write(tmp_path, c=c), "--against", "c", "-o", tmp_path / "kept")
    assert ended.code == 1
    assert b"note: this happens only after other programs" in ended.output


def test_an_oracle_that_raises(tmp_path: Path, neurohart: Command) -> None:
    oracle = spiking.ORACLE.replace("    v =", "    if given == 1:\n        given = 1 // 0\n    v =", 1)
    path = spiking.write(tmp_path, oracle=oracle)
    ended = neurohart("ext", "test", path, "--against", "oracle", "-o", tmp_path / "kept")
    assert ended.code == 1 and b"raised ZeroDivisionError" in ended.output


@pytest.mark.parametrize(
    ("changes", "against", "message"),
    [
        ({"c": "int x = ;"}, "c", "xspk.c:1:9: error"),
        ({"c": "int x;"}, "c", "expected such as `uint32_t spk_lif.xspk_hart"),
        ({"oracle": "def spk_lif(hart): pass"}, "oracle", r"no function spk_lif\(hart, insn\)"),
        ({"oracle": "x = 1"}, "oracle", "no function named like an instruction"),
        ({"other": spiking.DEFINITION.replace("0000001 rs2 rs1 000", "0000001 rs2 rs1 001")}, "other", "spk.sum is"),
        ({}, "nothing", "has no implementation 'nothing', expected one of c, oracle, other, engines"),
        ({}, "away.c", "away.c is not there"),
    ],
)
def test_what_is_wrong_with_an_implementation(
    tmp_path: Path, changes: dict[str, str], against: str, message: str
) -> None:
    (extension,) = load_extensions(spiking.write(tmp_path, **changes))
    with pytest.raises(NeuroHartError, match=message):
        find_implementation(extension, against)


def test_a_program_that_is_too_long() -> None:
    with pytest.raises(ValueError, match="more than the 32768"):
        TestProgram((0x13,) * 9000)


def test_numbers_that_are_used_twice_are_read_once(tmp_path: Path) -> None:
    """An address of 2^60 paths, which are no paths of its own."""
    text = (
        spiking.DEFINITION
        + '''

@xspk.instruction("0000010 00000 rs1 000 rd 1011011", "spk.deep rd, rs1")
def deep(hart, insn):
    """A byte somewhere."""
    address = hart.x[insn.rs1]
    for _ in range(60):
        address = (address + address + 1) & 0xFFFF_FFFF
    hart.x[insn.rd] = hart.load(address, 1)
'''
    )
    path = tmp_path / "deep.py"
    path.write_text(text, encoding="utf-8")
    (extension,) = load_extensions(path)
    assert anatomy(extension.instructions.by_mnemonic["spk.deep"]).pointers == ("rs1",)
