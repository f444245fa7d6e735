"""Ctrl-C and SIGTERM during a run: noted, and acted upon between two instructions."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from iss.cli.exit_codes import ExitCode

_CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


class Signals:
    """While entered, the first signal is kept in `received` and `noted` is called; a second one interrupts at once."""

    def __init__(self) -> None:
        self.received: int | None = None
        self.noted: Callable[[], object] = lambda: None
        self._former: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        if threading.current_thread() is threading.main_thread():
            self._former = {number: signal.signal(number, self._note) for number in _CODES}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def pending(self) -> bool:
        """Whether the run is to end."""
        return self.received is not None

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the signal received (of Ctrl-C if none was noted)."""
        return _CODES[signal.Signals(self.received or signal.SIGINT)]

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            raise KeyboardInterrupt
        self.received = number
        self.noted()
