"""A program on a terminal of its own: keys go in, and what it costs until nothing more is painted comes out."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tools.bench.errors import WrongResult

_QUIET = 0.2
"""Seconds without output after which a picture is complete."""
_LONGEST = 60.0
_CONTROL = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")
"""A control sequence (ECMA-48, 5.4): colours, places."""


def _plain(data: bytes) -> str:
    return _CONTROL.sub(b"", data).decode(errors="replace")


def _shows(data: bytes, text: str) -> bool:
    """Whether a text is painted, maybe with other colours in the middle; or a control sequence."""
    return text.encode() in data or text in _plain(data)


@dataclass(frozen=True)
class Painted:
    """From a key to the last byte of its picture: wall and CPU seconds of the program, and the bytes."""

    wall: float
    cpu: float
    data: bytes


class Terminal:
    """Runs a command on a terminal of `width` by `height` cells."""

    def __init__(self, command: list[str], width: int, height: int) -> None:
        self._master, slave = pty.openpty()
        self._resize(width, height)
        environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        for size in ("COLUMNS", "LINES"):  # which would count more than the terminal's own
            environment.pop(size, None)
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
        )
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait()
        os.close(self._master)

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def press(self, keys: str, until: str | None = None) -> Painted:
        """Type something; with `until` the picture is complete when it shows this. WrongResult if it never does."""
        found = self._painted(lambda: os.write(self._master, keys.encode()), until)
        if until is not None and not _shows(found.data, until):
            raise WrongResult(f"{keys!r}: the terminal does not show {until!r} but {_plain(found.data)[-400:]!r}")
        return found

    def resize(self, width: int, height: int) -> Painted:
        """Give the terminal another size."""

        def change() -> None:
            self._resize(width, height)
            os.killpg(self.pid, signal.SIGWINCH)

        return self._painted(change)

    def wait_for(self, text: str) -> Painted:
        """Wait until something is painted. WrongResult if it is not."""
        return self.press("", text)

    def _resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def _cpu(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _painted(self, act: Callable[[], object], until: str | None = None) -> Painted:
        cpu, start = self._cpu(), time.perf_counter()
        act()
        last, data = start, b""
        while time.perf_counter() - start < _LONGEST:
            quiet = _QUIET if until is None or _shows(data, until) else _LONGEST
            if not select.select([self._master], [], [], quiet)[0]:
                break
            try:
                data += os.read(self._master, 1 << 20)
            except OSError:
                break
            last = time.perf_counter()
        return Painted(last - start, self._cpu() - cpu, data)
