"""The case studies of programs/extensions: their implementations agree, and planted bugs are found and made small."""

from __future__ import annotations

from pathlib import Path

import pytest

from iss.extension import load_extensions
from iss.extension.implementations import find_implementation, implementation_specs
from iss.extension.lockstep import Session
from iss.extension.testing import MEMORY, Bench
from tests.effort import LONG
from tests.extension.planted import BUGS, FOLDER, Bug, extension_of, find

CASES = ("xbits", "xdot", "xlif", "xgather", "xdiv", "xizh", "xwqx")
LONGEST = 8


@pytest.mark.parametrize("case", CASES)
def test_its_implementations_agree(case: str) -> None:
    (extension,) = load_extensions(FOLDER / case / f"{case}.py")
    for name in implementation_specs(extension):
        session = Session(extension, find_implementation(extension, name), 11)
        try:
            assert [failure for failure in session.run(count=25) if failure is not None] == []
            assert set(session.progress.executed) == set(extension.instructions.by_mnemonic)
        finally:
            session.close()


EXPECTED = [
    ("xbits", "bits.count a0, a1", {"a1": 0xF0F00001}, [9]),
    ("xbits", "bits.lead a0, a1\nbits.lead a2, a3", {"a1": 0x10000}, [15, None, 32]),
    ("xbits", "bits.reverse a0, a1", {"a1": 0x01020380}, [0x8040C001]),
    ("xbits", "bits.field a0, a1, a2", {"a1": 0xF80, "a2": 0x87}, [-1]),
    ("xdot", "dot.mac a0, a1, a2", {"a0": 10, "a1": 0x01020304, "a2": 0x01010101}, [20]),
    ("xdot", "dot.mixed a0, a1, a2", {"a1": -1, "a2": 0x7F7F7F7F}, [32767]),
    ("xdot", "dot.narrow a0, a1, 1\ndot.narrow a2, a3, 1", {"a1": 5, "a3": -5}, [3, None, -2]),
    (
        "xlif",
        "lif.step a0, a1, a2\nlif.read a3, a1\nlif.step a4, a1, a5\ncsrr a6, lif_fired\nlif.step a7, a1, a2",
        {"a1": 3, "a2": 999, "a5": 63},
        [0, None, None, 999, 1, None, 1, 0],
    ),
    ("xgather", "gat.bytes a0, a1, a2", {"a1": MEMORY, "a2": 0x00010203}, [0x01020304]),
    ("xgather", "gat.seek a1, a2\ngat.next a0\ngat.next a3", {"a1": MEMORY, "a2": 4}, [0x04030201, None, None, 8]),
    ("xgather", "gat.swap a0, a1, a2\nlh a3, (a1)", {"a1": MEMORY + 6, "a2": 2}, [-0x7FFF, None, None, 2]),
    ("xdiv", "div.whole a0, a1, a2\ndiv.rest a3", {"a1": 100, "a2": 7}, [14, None, None, 2]),
    ("xdiv", "div.whole a0, a1, a2\ndiv.rest a3", {"a1": 5}, [-1, None, None, 5]),
    ("xdiv", "div.near a0, a1, a2\ndiv.near a3, a4, a5", {"a1": 7, "a2": 2, "a4": 6, "a5": 4}, [4, None, None, 2]),
    ("xizh", "izh.step a0, a1, a2\nsrai a0, a0, 16", {"a1": (-65 << 24) | (-13 << 8 & 0xFFFF)}, [-17003]),
    ("xizh", "izh.decay a0, a1, 3\nizh.decay a2, a3, 3", {"a1": 1000, "a3": -1}, [875, None, 0]),
    ("xwqx", "wqx.input a0, a1, a2", {"a1": 0xFF, "a2": 0x0F0F}, [4]),
    (
        "xwqx",
        "wqx.neuron a0, a1, a2\nwqx.neuron a3, a1, a4\nwqx.learn a5, zero, a6",
        {"a1": 10, "a2": 6, "a4": 7, "a6": 0xF0},
        [15, None, None, 0, None, 0xF0],
    ),
]


@pytest.mark.parametrize(("case", "program", "registers", "results"), EXPECTED)
def test_what_the_pages_say(case: str, program: str, registers: dict[str, int], results: list[int | None]) -> None:
    """The examples in the READMEs."""
    memory = bytes([1, 2, 3, 4, 8, 0, 1, 0x80])
    if case == "xgather" and "next" in program:
        memory = bytes([1, 2, 3, 4, 8, 0, 0, 0])
    found = Bench(extension_of(case)).run(program, state=None, memory=memory, **registers)
    for name, result in zip(("a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7"), results, strict=False):
        if result is not None:
            assert getattr(found, name) == result & 0xFFFF_FFFF, name


def test_there_are_enough_bugs() -> None:
    assert len(BUGS) == len({bug.name for bug in BUGS}) >= 60
    assert {bug.case for bug in BUGS} == set(CASES)


@pytest.mark.parametrize("bug", BUGS if LONG else BUGS[::10], ids=lambda bug: str(bug.name))
def test_a_planted_bug_is_found_and_shrunk(bug: Bug, tmp_path: Path) -> None:
    found = find(bug, tmp_path, programs=200)
    assert found is not None, "not found in 200 programs"
    assert len(found.shrunk.lines) <= LONGEST
    assert found.shrunk.steps, "was not shrunk"
