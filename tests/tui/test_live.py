"""The picture of a running program: it has the size of the terminal and needs no replay."""

from __future__ import annotations

import pytest

from iss.tui.live import frame
from iss.tui.text import plain
from tests.tui.program import state


@pytest.mark.parametrize("size", [(80, 24), (150, 45)])
def test_frames_fill_the_terminal(size: tuple[int, int]) -> None:
    session = state()
    session.running = True
    session.machine.run(300)
    session.moved()
    lines = frame(session, *size)
    assert len(lines) == size[1]
    assert {sum(segment.cell_length for segment in line) for line in lines} == {size[0]}
    text = plain(lines)
    assert "RUNNING" in text
    assert "neurons neurons LIF 2" in text
    assert session.now == 300
