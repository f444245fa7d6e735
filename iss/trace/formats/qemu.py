"""QEMU's log: `-d exec,nochain -singlestep` (`-accel tcg,one-insn-per-tb=on`), with in_asm, cpu, int if there are any.

`exec` gives the pc of every instruction, `in_asm` (or the program) its word, `cpu` the registers before it, and `int`
the traps. Without one instruction a block the log skips instructions, which shows as jumps.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from iss.builtin import builtin_architecture
from iss.hart.timing import MODELS
from iss.isa.catalogue import DEFAULT_ISA
from iss.isa.causes import INTERRUPT
from iss.loaders import Image
from iss.trace.block import TraceError
from iss.trace.decoding import Decoder
from iss.trace.formats.importing import Importer, lines
from iss.trace.reader import Trace

_EXECUTED: Final = re.compile(r"Trace \d+: 0x[0-9a-f]+ \[[0-9a-f]+/([0-9a-f]+)/")
_ASSEMBLY: Final = re.compile(r"0x([0-9a-f]+): +([0-9a-f]{4,8}) ")
_REGISTERS: Final = re.compile(r"x(\d+)/\w+ +([0-9a-f]+)")
_TRAP: Final = re.compile(
    r"riscv_cpu_do_interrupt: hart:\d+, async:([01]), cause:([0-9a-f]+), epc:0x([0-9a-f]+), tval:0x([0-9a-f]+)"
)
_WORD: Final = 0xFFFF_FFFF


def fits(head: bytes) -> bool:
    """Whether a file looks like such a log."""
    return re.search(rb"^Trace \d+: 0x[0-9a-f]+ \[|^IN: ", head, re.MULTILINE) is not None


def read(path: str | Path, isa: str | None, image: Image | None) -> Trace:
    """Read a log; TraceError if nothing was executed in it, OSError."""
    words = _program_words(image)
    decoder = Decoder(builtin_architecture(isa or DEFAULT_ISA), MODELS["ideal"])
    executed: list[tuple[int, dict[int, int]]] = []  # pc and registers before it, in order
    traps: dict[int, list[tuple[int, int, int, bool]]] = {}  # before which of them: pc, cause, value, whether exception
    for _, line in lines(path):
        if found := _EXECUTED.match(line):
            executed.append((int(found[1], 16) & _WORD, {}))
        elif found := _ASSEMBLY.match(line):
            words[int(found[1], 16) & _WORD] = int(found[2], 16)
        elif line.startswith(" x") and executed:
            registers = executed[-1][1]
            for number, value in _REGISTERS.findall(line):
                registers[int(number)] = int(value, 16) & _WORD
        elif found := _TRAP.match(line):
            cause = int(found[2], 16) & 0xFFFF | (INTERRUPT if found[1] == "1" else 0)
            trap = (int(found[3], 16) & _WORD, cause, int(found[4], 16) & _WORD, found[1] == "0")
            traps.setdefault(len(executed), []).append(trap)
    if not executed:
        raise TraceError(f"{path}: nothing is executed in this log; record it with -d exec,nochain,cpu,in_asm")
    known_values = all(registers for _, registers in executed)
    has = ["trap"] + ["word"] * all(pc in words for pc, _ in executed) + ["value"] * known_values
    made = Importer(path, isa, image, tuple(has))
    for index, (pc, _) in enumerate(executed):
        trapped = any(exception and epc == pc for epc, _, _, exception in traps.get(index + 1, ()))
        if not trapped:
            word = words.get(pc, 0)
            destination = decoder.word(word).writes.bit_length() - 1 if known_values and word else 0
            known = known_values and destination > 0 and index + 1 < len(executed)
            value = executed[index + 1][1].get(destination, 0) if known else 0
            made.retired(pc, word, destination if known else 0, value)
        for epc, cause, value, _ in traps.get(index + 1, ()):
            made.trap(epc, cause, value)
    return made.trace()


def _program_words(image: Image | None) -> dict[int, int]:
    words = {}
    for segment in image.segments if image is not None else ():
        if "x" in segment.flags:
            for offset in range(0, len(segment.data) - 3, 4):
                words[segment.address + offset] = int.from_bytes(segment.data[offset : offset + 4], "little")
    return words
