"""The case studies of programs/extensions: their implementations agree, and planted bugs are found and made small."""

from __future__ import annotations

from pathlib import Path

import pytest

from iss.extension import load_extensions
from iss.extension.implementations import find_implementation, implementation_specs
from iss.extension.lockstep import Session
from tests.engines.lockstep import LONG
from tests.extension.planted import BUGS, FOLDER, Bug, find

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


def test_there_are_enough_bugs() -> None:
    assert len(BUGS) == len({bug.name for bug in BUGS}) >= 60
    assert {bug.case for bug in BUGS} == set(CASES)


@pytest.mark.parametrize("bug", BUGS if LONG else BUGS[::10], ids=lambda bug: str(bug.name))
def test_a_planted_bug_is_found_and_shrunk(bug: Bug, tmp_path: Path) -> None:
    found = find(bug, tmp_path, programs=200)
    assert found is not None, "not found in 200 programs"
    assert len(found.shrunk.lines) <= LONGEST
    assert found.shrunk.steps, "was not shrunk"
