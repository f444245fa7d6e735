"""Where the firmware's output goes: buffered, live enough, and quiet after the first error."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Iterator
from typing import BinaryIO

_ENOUGH = 1 << 16  # bytes kept back at most
_CHUNK = 4096


class Output:
    """A byte stream that never raises while the simulator runs.

    The first error is kept in `error`, what follows is dropped, and `failed` is called once. `before` is called ahead
    of everything that reaches the stream.
    """

    def __init__(self, stream: BinaryIO, name: str, *, live: bool = False) -> None:
        self.name = name
        self.error: OSError | None = None
        self.failed: Callable[[], object] = lambda: None
        self.before: Callable[[], object] = lambda: None
        self.at_line_start = True
        self._stream = stream
        self.live = live
        self.held = False  # keep everything back for now: something else is on the terminal
        self._pending = bytearray()

    def write(self, data: bytes) -> None:
        """Take bytes; they are passed on by lines on a terminal, else by `flush` or in large pieces."""
        self._pending += data
        if len(self._pending) >= _ENOUGH or (self.live and b"\n" in data):
            self.flush()

    def flush(self) -> None:
        """Pass on everything."""
        if not self._pending or self.held:
            return
        data, self._pending = bytes(self._pending), bytearray()
        if self.error is not None:
            return
        self.before()
        self.at_line_start = not self.live or data.endswith(b"\n")
        try:
            view = memoryview(data)
            while view:  # a raw stream may take less than it is given
                view = view[self._stream.write(view) or 0 :]
            self._stream.flush()
        except OSError as error:
            self.error = error
            self.failed()

    def close(self) -> None:
        """Pass on everything and close the stream unless it is one of the process's own."""
        self.flush()
        if self._stream in _process_streams():
            if self.error is not None:
                abandon_stdout()
            return
        try:
            self._stream.close()
        except OSError as error:
            self.error = self.error or error


class Nowhere(Output):
    """Output nobody wants."""

    def __init__(self) -> None:
        super().__init__(sys.stdout.buffer, "null")

    def write(self, data: bytes) -> None:
        """Drop the bytes."""

    def close(self) -> None:
        """Nothing is open."""


def _process_streams() -> tuple[BinaryIO, BinaryIO]:
    return sys.stdout.buffer, sys.stderr.buffer


def open_output(name: str, standard: BinaryIO) -> Output:
    """Return the output for `-` (which is `standard`), `null` or a file. Raises OSError."""
    if name == "null":
        return Nowhere()
    if name == "-":
        return Output(standard, "standard output", live=standard.isatty())
    return Output(open(name, "wb", buffering=0), name)


def abandon_stdout() -> None:
    """Send what is left in the buffers of standard output nowhere, or Python complains about it at its end."""
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)


class WaitingInput:
    """A file descriptor as a console source (see `iss.memory.console`).

    `before_waiting` is called ahead of every waiting, and `interrupted` ends it.

    A terminal is asked for what has been typed so far. Everything else is waited for, so that what the firmware reads
    when depends on the bytes alone.
    """

    _PATIENCE = 0.1  # seconds between looks at `interrupted`

    def __init__(self, descriptor: int, interrupted: Callable[[], bool], before_waiting: Callable[[], object]) -> None:
        self.interactive = os.isatty(descriptor)
        self.ended = False
        self._descriptor = descriptor
        self._interrupted = interrupted
        self._before_waiting = before_waiting

    def __iter__(self) -> Iterator[bytes | None]:
        while not self.ended:
            if self.interactive:
                yield self._read() if self._ready(0) else None
            else:
                yield self.wait() or None

    def wait(self) -> bytes:
        """Wait for bytes; none at the end of the input or when interrupted. Raises OSError."""
        self._before_waiting()
        while not self._interrupted():
            if self._ready(self._PATIENCE):
                return self._read()
        return b""

    def _ready(self, timeout: float) -> bool:
        return bool(select.select([self._descriptor], [], [], timeout)[0])

    def _read(self) -> bytes:
        data = os.read(self._descriptor, _CHUNK)
        self.ended = not data
        return data
