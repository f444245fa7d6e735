"""What a job for the RTL bench is and what comes back, in 32-bit words; driver.cpp and bench.v are the other side.

A job is six words (image words, instruction limit, patience, exit address, dump address, dump words), then the image.
An answer is RECORD_WORDS per retired instruction, a trailer of as many words, x0 to x31, and the dump.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

BASE = 0x8000_0000
COLUMNS = ("pc", "word", "rd", "value", "access", "mask", "data", "trap")
RECORD_WORDS = len(COLUMNS)
PATIENCE = 10_000  # cycles without a retired instruction after which the core counts as hung
LINE = "@nh "  # what lines of bench.v begin with
END_LINE = "@nh end"
_JOB_HEADER = 6
_REGISTERS = 32
Words = NDArray[np.uint32]


class End(IntEnum):
    """Why the bench stopped, the first word of the trailer."""

    LIMIT = 0
    TRAP = 1
    HUNG = 2
    BUS = 3
    FINISHED = 4
    UNDEFINED = 5  # bits that are neither 0 nor 1; Icarus only
    EXIT = 6  # the program stored to its exit address


@dataclass(frozen=True, slots=True)
class Job:
    """A program for the core: `image` from 0x80000000, where it starts; memory beyond it is zero.

    The run ends after `limit` instructions, a store to the word `exit`, or `patience` cycles in which nothing retires;
    then `dump` (address, bytes; both multiples of 4) is read back.
    """

    image: bytes
    limit: int
    patience: int = PATIENCE
    exit: int = 0
    dump: tuple[int, int] = (BASE, 0)

    def words(self) -> Words:
        """The job as the bench reads it."""
        image = np.frombuffer(self.image + bytes(-len(self.image) % 4), dtype="<u4")
        header = [len(image), self.limit, self.patience, self.exit, self.dump[0], self.dump[1] // 4]
        assert len(header) == _JOB_HEADER
        return np.concatenate([np.array(header, dtype=np.uint32), image.astype(np.uint32)])


@dataclass(frozen=True, slots=True)
class RtlRun:
    """What the core did: a column per field (uint32), an element per retired instruction, the trapping one included.

    `access` is the aligned address of the word that a load or store touched, `mask` its bytes ([3:0] read, [7:4]
    written), `data` the whole word; `x` the 32 registers at the end; `memory` what the job asked to read back.
    """

    pc: Words
    word: Words
    rd: Words
    value: Words
    access: Words
    mask: Words
    data: Words
    trap: Words
    end: End
    detail: int
    waiting: bool
    cycles: int
    x: Words
    memory: bytes

    @property
    def problem(self) -> str | None:
        """What went wrong in the design, for the user; None after a limit, trap or exit: the program's affair."""
        if self.end is End.HUNG and self.waiting:
            return (
                f"the unit has not answered instruction {self.detail:#010x} after {self.cycles} cycles: "
                "pcpi_wait is high, but pcpi_ready never comes"
            )
        if self.end is End.HUNG:
            return f"the core stands still after {len(self.pc)} instructions"
        if self.end is End.FINISHED:
            return f"the design called $finish or $stop after {len(self.pc)} instructions"
        if self.end is End.BUS:
            return f"an access at {self.detail:#010x} is outside of the memory"
        if self.end is End.UNDEFINED:
            last = f"{int(self.word[-1]):#010x} at pc {int(self.pc[-1]):#010x}" if len(self.pc) else "the first one"
            return f"the design gives undefined bits (x) in the results of the instruction after {last}"
        return None


def from_text(text: str) -> tuple[Words, bool]:
    """Read what bench.v prints: the words of the lines that begin with @nh, and whether some bits are undefined.

    Lines of the design itself are skipped. Where bits are undefined (x, z) the words from there on are left out.
    """
    words: list[int] = []
    for line in text.splitlines():
        if line == END_LINE or not line.startswith(LINE):
            continue
        fields = line[len(LINE) :].split()
        try:
            words += [int(field, 16) for field in fields]
        except ValueError:
            return np.array(words, dtype=np.uint32), True
    return np.array(words, dtype=np.uint32), False


def decode(words: Words, job: Job, undefined: bool = False) -> RtlRun:
    """Read the answer to a job; `undefined`: it ends before the bits that are undefined."""
    rest = RECORD_WORDS + _REGISTERS + job.dump[1] // 4
    if undefined:  # perhaps in the registers or the memory at the end; then the records are complete
        words = words[: len(words) // RECORD_WORDS * RECORD_WORDS]
        words = np.concatenate([words, np.array([End.UNDEFINED], dtype=np.uint32), np.zeros(rest - 1, dtype=np.uint32)])
    if len(words) < rest or (len(words) - rest) % RECORD_WORDS:
        raise ValueError(f"an answer of {len(words)} words")
    records = words[: len(words) - rest].reshape(-1, RECORD_WORDS)
    tail = words[len(words) - rest :]
    end, detail, waiting, cycles = (int(word) for word in tail[:4])
    columns = dict(zip(COLUMNS, records.T, strict=True))
    return RtlRun(
        **columns,
        end=End(end),
        detail=detail,
        waiting=bool(waiting),
        cycles=cycles,
        x=tail[RECORD_WORDS : RECORD_WORDS + _REGISTERS],
        memory=tail[RECORD_WORDS + _REGISTERS :].astype("<u4").tobytes(),
    )
