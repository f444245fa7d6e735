"""The line that shows how a long run gets on: on the terminal only, from the first second on, gone at the end."""

from __future__ import annotations

import os
import sys
from time import monotonic
from typing import TextIO

from iss.cli.streams import Output
from iss.debug.figures import short
from iss.machine import Machine

APPEARS_AFTER = 1.0  # seconds
_CLOCK_HZ = 100e6  # of the simulated machine, as the energy model has it
_USUAL_WIDTH = 80
_ERASE = "\r\x1b[K"


class StatusLine:
    """Instructions, speed, cycles and place, redrawn by `update`."""

    def __init__(self, limit: int | None, output: Output, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._wanted = self._stream.isatty() and not quiet
        self._limit = limit
        self._output = output
        self._start = monotonic()
        self._last = (self._start, 0)
        self._shown = False

    def update(self, machine: Machine) -> None:
        """Redraw, unless the firmware has left the cursor inside of a line."""
        now = monotonic()
        if self._wanted and now >= self._start + APPEARS_AFTER and self._output.at_line_start:
            width = os.get_terminal_size(self._stream.fileno()).columns or _USUAL_WIDTH
            self._stream.write(_ERASE + self._text(machine, now)[: width - 1])
            self._stream.flush()
            self._shown = True

    def erase(self) -> None:
        """Give the line back."""
        if self._shown:
            self._stream.write(_ERASE)
            self._stream.flush()
            self._shown = False

    def _text(self, machine: Machine, now: float) -> str:
        retired = machine.hart.retired
        before, retired_before = self._last
        self._last = (now, retired)
        mips = (retired - retired_before) / max(now - before, 1e-9) / 1e6
        done = f" of {short(self._limit)} ({100 * retired / self._limit:.0f} %)" if self._limit else ""
        return (
            f"{now - self._start:5.1f} s  {short(retired)} instructions{done}  {mips:,.0f} MIPS  "
            f"simulated {machine.hart.cycles / _CLOCK_HZ:.2f} s at 100 MHz  Ctrl-C ends  pc {machine.hart.pc:#010x}"
        )
