"""The log of the Sail model (`sail_riscv_sim --trace-all`): a line for each instruction, its effects below."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from iss.loaders import Image
from iss.trace.formats.importing import Access, Importer, lines, refusal
from iss.trace.reader import Trace

_INSTRUCTION: Final = re.compile(r"\[\d+\] \[[A-Z]+\]: 0x([0-9A-Fa-f]+) \(0x([0-9A-Fa-f]+)\)")
_REGISTER: Final = re.compile(r"x(\d+) <- 0x([0-9A-Fa-f]+)")
_ACCESS: Final = re.compile(r"mem\[(R|W|RW),0x([0-9A-Fa-f]+)\] (->|<-) 0x([0-9A-Fa-f]+)")
_CSR: Final = re.compile(r"CSR \w+ \(0x([0-9A-Fa-f]+)\) <- 0x([0-9A-Fa-f]+)")
_HANDLED: Final = re.compile(r"handling (exc|int)#0x([0-9A-Fa-f]+) at priv \w+ with tval 0x([0-9A-Fa-f]+)")
_WORD: Final = 0xFFFF_FFFF


def fits(head: bytes) -> bool:
    """Whether a file has an instruction of such a log near its beginning."""
    return re.search(rb"^\[\d+\] \[[A-Z]+\]: 0x[0-9A-Fa-f]+ \(0x", head, re.MULTILINE) is not None


class _Instruction:
    def __init__(self, pc: int, word: int) -> None:
        self.pc, self.word = pc, word
        self.destination = self.value = 0
        self.accesses: list[Access] = []
        self.csr_writes: list[tuple[int, int]] = []


def read(path: str | Path, isa: str | None, image: Image | None) -> Trace:
    """Read a log; TraceError with file and line, OSError. Lines of other things are passed over."""
    made = Importer(path, isa, image, ("word", "value", "memory", "trap"))
    current: _Instruction | None = None

    def finish() -> None:
        if current is not None:
            made.retired(
                current.pc, current.word, current.destination, current.value, current.accesses, current.csr_writes
            )

    for number, line in lines(path):
        if found := _INSTRUCTION.match(line):
            finish()
            current = _Instruction(int(found[1], 16) & _WORD, int(found[2], 16))
        elif found := _HANDLED.match(line):
            cause, value = int(found[2], 16), int(found[3], 16) & _WORD
            if current is not None:
                if found[1] == "int":
                    finish()
                made.trap(current.pc, cause | (1 << 31 if found[1] == "int" else 0), value)
            current = None  # what trapped did not retire
        elif current is None:
            continue
        elif found := _REGISTER.match(line):
            if not 0 <= int(found[1]) < 32:
                raise refusal(path, number, f"there is no register x{found[1]}")
            if int(found[1]):
                current.destination, current.value = int(found[1]), int(found[2], 16) & _WORD
        elif found := _ACCESS.match(line):
            size, store = min(len(found[4]) // 2, 4) or 1, found[3] == "<-"
            current.accesses.append((int(found[2], 16) & _WORD, size, int(found[4], 16) & _WORD, store))
        elif found := _CSR.match(line):
            current.csr_writes.append((int(found[1], 16) & 0xFFF, int(found[2], 16) & _WORD))
    finish()
    return made.trace()
