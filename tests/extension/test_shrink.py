"""Shrinking: registers named anew, values made equal, and implementations that keep something between programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from iss.extension import architecture_with
from iss.extension.dut import HANDLER_REGISTERS, TestProgram, encode
from iss.extension.implementations import make_implementation
from iss.extension.steps import Line, Reader, Step, lines_of, with_value
from iss.extension.worker import Worker
from tests.extension.planted import BUGS, Bug, extension_of, find, plant

READER = Reader(architecture_with([extension_of("xlif")]).instructions, extension_of("xlif").instructions)
STEP = READER.instructions.by_mnemonic["lif.step"].encoding


def step(rd: int, rs1: int, rs2: int, values: dict[int, int], trapped: bool = False) -> Step:
    return READER.step(STEP.encode(rd=rd, rs1=rs1, rs2=rs2), {0: 0} | values, trapped)


def operands(one: Step) -> tuple[int, int, int]:
    found = STEP.decode(one.word)
    return found["rd"], found["rs1"], found["rs2"]


def test_one_register_for_each_value() -> None:
    """The result of the first step no longer overwrites what the second one reads."""
    steps = [step(11, 11, 18, {11: 5, 18: 9}), step(0, 12, 20, {12: 5, 20: 0}), step(18, 18, 18, {18: 9})]
    assert len(lines_of(steps)) == 6
    renamed = READER.renamed(steps, range(3))
    assert [operands(one) for one in renamed] == [(12, 10, 11), (0, 10, 0), (12, 11, 11)]
    assert lines_of(renamed)[:2] == [Line(None, 10, 5), Line(None, 11, 9)]
    assert len(lines_of(renamed)) == 5


def test_single_steps_are_renamed() -> None:
    steps = [step(11, 11, 18, {11: 5, 18: 9}), step(11, 12, 18, {12: 5, 18: 9})]
    assert [operands(one) for one in READER.renamed(steps, [1])] == [(11, 11, 18), (12, 10, 11)]


def test_what_a_trap_leaves_stays() -> None:
    """The handler's registers are unknown behind it, and words that are no instructions stay as they are."""
    illegal = READER.step(0xFFFF_FFFF, {})
    renamed = READER.renamed([illegal, step(13, 14, 0, {14: 1}, trapped=True)], range(2))
    assert renamed[0] == illegal
    assert renamed[1].writes == {11, *HANDLER_REGISTERS}


def test_values_are_made_equal() -> None:
    steps = with_value([step(10, 11, 12, {11: 5, 12: 9}), step(10, 11, 12, {11: 9, 12: 9})], 9, 5)
    assert [dict(one.reads) for one in steps] == [{11: 5, 12: 5}, {11: 5, 12: 5}]


@pytest.mark.parametrize("kind", ["other state is not cleared", "static state"])
def test_two_values_become_one(kind: str, tmp_path: Path) -> None:
    """Bugs that took 9 and 7 instructions; the second one, a static variable, keeps a value over the reset."""
    (bug,) = [bug for bug in BUGS if bug.file == "xlif/xlif.c" and bug.kind == kind]
    found = find(bug, tmp_path)
    assert found is not None and found.shrunk.steps
    assert len(found.shrunk.lines) <= 5
    assert len({line.value for line in found.shrunk.lines if line.word is None}) <= 2


def worker_of(change: str, folder: Path) -> Worker:
    """Return the C implementation of Xbits with something in front of what it returns."""
    old = "uint32_t bits_count(xbits_hart *hart, xbits_state *state, uint32_t rs1)\n{"
    extension, spec = plant(Bug("", "xbits/xbits.c", old, f"{old}\n{change}"), folder)
    made = make_implementation(spec, extension, architecture_with([extension]))
    assert isinstance(made, Worker)
    return made


COUNT = extension_of("xbits").instructions.by_mnemonic["bits.count"].encoding
KEEPS = "    static uint32_t calls; if (++calls > 1) return 77;\n"


def test_a_process_for_each_program(tmp_path: Path) -> None:
    worker = worker_of(KEEPS, tmp_path)
    program = TestProgram((encode("addi", rd=11, imm=3), COUNT.encode(rd=10, rs1=11)))

    def results() -> list[int]:
        return [worker.run(program, 1000).x[10] for _ in range(3)]  # type: ignore[index]

    try:
        assert results() == [2, 77, 77]
        worker.begin_anew()
        worker.fresh = True
        assert results() == [2, 2, 2]
        worker.fresh = False
        assert results() == [2, 77, 77], "the process that forks has run nothing itself"
    finally:
        worker.close()


@pytest.mark.parametrize(
    ("change", "ended"),
    [
        ("    extern void exit(int); if (rs1 == 1) exit(3);\n", "ended its process with code 3"),
        ("    extern void exit(int); if (rs1 == 1) exit(0);\n", "ended its process with code 0"),
        ("    if (rs1 == 1) __builtin_trap();\n", "crashed with SIGILL"),
        ('    if (rs1 == 1) for (;;) __asm__ volatile("");\n', "did not end: an endless loop?"),
    ],
)
def test_a_process_for_each_program_that_ends(change: str, ended: str, tmp_path: Path) -> None:
    worker = worker_of(change, tmp_path)
    worker.fresh, worker.patience = True, 0.03
    bad, good = (TestProgram((encode("addi", rd=11, imm=value), COUNT.encode(rd=10, rs1=11))) for value in (1, 3))
    try:
        told = [worker.run(program, 1000).ended for program in (good, bad, good, bad, good)]
    finally:
        worker.close()
    assert told == ["exit", ended, "exit", ended, "exit"]
