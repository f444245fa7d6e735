"""The application on a terminal of its own: what Textual's driver does is there only."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("textual")

from tests.engines.lockstep import XNM
from tests.tui.program import SOURCE
from tools.bench.terminal import Terminal


def test_keys_of_one_byte_and_of_several_come_from_a_terminal() -> None:
    with Terminal([sys.executable, "-m", "iss", "debug", "--isa", XNM, str(SOURCE)], 160, 48) as terminal:
        terminal.wait_for("history")
        terminal.press("?", "reverse-continue")
        terminal.press("\x1b", "_start")
        terminal.press("i", "at instruction 1")
        terminal.press("\x1b[18~")
        terminal.press("\x1b[21~", "at instruction 2")  # F10
        terminal.press(":goto 7\x7f9\r", "at instruction 9")
        terminal.press(":é", "é")
        terminal.press("\x1b")
        terminal.press("q", "\x1b[?1049l")  # the other screen again
