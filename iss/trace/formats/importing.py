"""What readers of other tools' traces have in common: lines with numbers, and instructions on their way into blocks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from coprocessor.interface import SPIKE_RECORD
from iss.isa.catalogue import DEFAULT_ISA
from iss.isa.causes import INTERRUPT
from iss.loaders import Image
from iss.trace.block import TraceError
from iss.trace.events import Command, RecordBuffer
from iss.trace.reader import Trace
from iss.trace.recorder import Kept, Recorder, describe

_PIECE: Final = 4096  # instructions between hand-overs
_LONGEST: Final = 1 << 16
Access = tuple[int, int, int, bool]
"""Address, size in bytes, value, whether it is a store."""


def lines(path: str | Path) -> Iterator[tuple[int, str]]:
    """The lines of a text with their numbers; one that does not end was cut off and is left out. OSError."""
    with open(path, encoding="utf-8", errors="replace", newline="\n") as file:
        number = 0
        while line := file.readline(_LONGEST):
            number += 1
            if not line.endswith("\n"):
                if len(line) == _LONGEST:
                    raise refusal(path, number, "the line is longer than any trace has")
                return
            yield number, line


def refusal(path: str | Path, line: int, problem: str) -> TraceError:
    """The error for a line."""
    return TraceError(f"{path}:{line}: {problem}; mend the line, or record the trace again")


class Importer:
    """Collects what a reader finds; `has` tells what the format knows of each instruction, see `Trace.has`."""

    def __init__(self, path: str | Path, isa: str | None, image: Image | None, has: tuple[str, ...] | None) -> None:
        """`has` is None for everything."""
        description: dict[str, Any] = describe(isa or DEFAULT_ISA, None, image)
        if has is not None:
            description["has"] = list(has)
        description.setdefault("program", {"path": str(path), "sha256": None})
        self._begin(description)

    def _begin(self, description: dict[str, Any], first: int = 0, cycle: int = 0) -> None:
        self.description = description
        self._kept = Kept(description)
        self._recorder = Recorder(self._kept, description, first=first, cycle=cycle)
        self._buffer = RecordBuffer()
        self._spikes = bytearray()
        self._count = self._handed = 0

    def begin(self, description: dict[str, Any], first: int, cycle: int) -> None:
        """Take another description, and where the trace begins, before the first instruction."""
        self._begin({**self.description, **description}, first, cycle)

    @property
    def count(self) -> int:
        """Instructions so far."""
        return self._count

    def retired(
        self,
        pc: int,
        word: int = 0,
        destination: int = 0,
        value: int = 0,
        accesses: list[Access] | None = None,
        csr_writes: list[tuple[int, int]] | None = None,
    ) -> None:
        """Add an instruction."""
        self._buffer.retired(pc, word, destination, value, accesses or [], csr_writes or [])
        self._count += 1
        if self._count - self._handed >= _PIECE:
            self._hand_over()

    def trap(self, pc: int, cause: int, value: int = 0) -> None:
        """Add an exception or interrupt."""
        if cause & INTERRUPT:
            self._buffer.interrupt(pc, cause)
        else:
            self._buffer.trap(pc, cause, value)

    def command(self, command: Command) -> None:
        """Add a command and its spikes."""
        tag = command.operation | command.outcome << 22
        spikes = len(command.spikes)
        self._buffer.command(tag, command.rs1, command.rs2, command.result, command.cycles, spikes)
        for record in command.spikes:
            self._spikes += SPIKE_RECORD.pack(*record)

    def knows(self, what: str) -> None:
        """The file turned out to tell this, too."""
        has = self.description.get("has")
        if has is not None and what not in has:
            has.append(what)

    def sleep(self, cycles: int) -> None:
        """Add time in wfi."""
        self._buffer.sleep(cycles)

    def _hand_over(self) -> None:
        self._recorder.consume(self._buffer.take(), bytes(self._spikes), None)
        self._spikes.clear()
        self._handed = self._count

    def trace(self) -> Trace:
        """All of it."""
        self._hand_over()
        self._recorder.close({})
        return self._kept.trace


def signed_size(word: int) -> int:
    """Bytes that a load or store accesses, by the low two bits of funct3."""
    return 1 << (word >> 12 & 3)
