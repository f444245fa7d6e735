"""A machine that writes down what devices ask of it."""

from __future__ import annotations


class Recorder:
    """A `Context` whose clock the test sets."""

    def __init__(self) -> None:
        self.now = 0
        self.lines: dict[int, bool] = {}
        self.stops: list[tuple[int, str]] = []
        self.changes = 0

    def cycles(self) -> int:
        return self.now

    def set_interrupt(self, bit: int, level: bool) -> None:
        self.lines[bit] = level

    def stop(self, exit_code: int, reason: str) -> None:
        self.stops.append((exit_code, reason))

    def changed(self) -> None:
        self.changes += 1
