"""The stack of calls, from ra and the words on the stack: which function was called from where.

Programs need no frame pointers or unwind tables for it. A function begins where a direct call goes to or a symbol says
so. A word counts as a return address if the instruction before it is a call, a direct one of the function of the frame
above. So a frame can be missed (a function that keeps ra elsewhere), but no direct call is invented.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from iss.isa.registers import NUMBER
from iss.loaders import Image
from iss.machine import Machine
from iss.trace.jumps import JAL, JALR, OPCODE, RA

_SP = NUMBER["sp"]
_AUIPC = 0x17
_MOST_WORDS: Final = 1024
"""Words of the stack that are looked at."""
MOST_FRAMES: Final = 64


@dataclass(frozen=True)
class Frame:
    """A function in execution: where it is, where it begins, and where on the stack that was found (None: in ra)."""

    pc: int
    function: int | None
    stack: int | None = None


class Calls:
    """Finds the stack of calls of a machine; made once for a program."""

    def __init__(self, image: Image | None) -> None:
        starts: set[int] = set()
        if image is not None:
            starts = {symbol.address for symbol in image.symbols.values() if symbol.kind == "function"}
            starts |= {image.entry}
            for segment in image.segments:
                if "x" in segment.flags:
                    starts |= set(_targets(segment.data, segment.address))
        self._starts = sorted(starts)

    def function(self, address: int) -> int | None:
        """Where the function around an address begins."""
        index = bisect_right(self._starts, address)
        return self._starts[index - 1] if index else None

    def stack(self, machine: Machine) -> list[Frame]:
        """The frames from the innermost outwards; at least the one of pc."""
        hart, ram = machine.hart, machine.ram
        frames = [Frame(hart.pc, self.function(hart.pc))]
        candidates: list[tuple[int, int | None]] = [(hart.x[RA], None)]
        top = hart.x[_SP]
        if top % 4 == 0 and ram.base <= top < ram.base + ram.size:
            size = min(4 * _MOST_WORDS, ram.base + ram.size - top)
            words = np.frombuffer(ram.read(top, size), "<u4")
            calls = words.astype(np.int64) - ram.base - 4  # where the call lies in RAM, if it is one
            behind = np.flatnonzero((calls >= 0) & (calls <= ram.size - 4) & (calls % 2 == 0)).tolist()
            candidates += [(int(words[index]), top + 4 * index) for index in behind]
        for place, stack in candidates:
            if len(frames) >= MOST_FRAMES:
                break
            if self._returns_to(machine, place, frames[-1]):
                frames.append(Frame(place, self.function(place), stack))
        return frames

    def _returns_to(self, machine: Machine, place: int, frame: Frame) -> bool:
        """Whether the instruction before `place` calls the function of the last frame."""
        if place % 2 or place == frame.pc:
            return False
        word = _word(machine, place - 4)
        if word is None or word >> 7 & 31 != RA:
            return False
        if word & OPCODE == JAL:
            return (place - 4 + _jal_offset(word)) & 0xFFFF_FFFF == frame.function
        if word & 0x707F != JALR:
            return False
        before = _word(machine, place - 8)
        if before is not None and before & OPCODE == _AUIPC and before >> 7 & 31 == word >> 15 & 31:
            return _far_target(place - 8, before, word) == frame.function
        return True  # through a register: anybody may be called


def _targets(data: bytes, address: int) -> list[int]:
    """Where the direct calls in code go."""
    words: Any = np.frombuffer(data[: len(data) & ~3], "<u4")
    calls = np.flatnonzero(words & 0xFFF == RA << 7 | JAL).tolist()
    targets = [address + 4 * index + _jal_offset(int(words[index])) for index in calls]
    for index in np.flatnonzero(words[1:] & 0x7FFF == RA << 7 | JALR).tolist():
        before, word = int(words[index]), int(words[index + 1])
        if before & OPCODE == _AUIPC and before >> 7 & 31 == word >> 15 & 31:
            targets.append(_far_target(address + 4 * index, before, word))
    return [target & 0xFFFF_FFFF for target in targets]


def _far_target(place: int, auipc: int, jalr: int) -> int:
    offset = (jalr >> 20) - ((jalr >> 31) << 12)
    return (place + (auipc & 0xFFFF_F000) + offset) & 0xFFFF_FFFF


def _jal_offset(word: int) -> int:
    offset = (word >> 21 & 0x3FF) << 1 | (word >> 20 & 1) << 11 | (word >> 12 & 0xFF) << 12
    return offset - ((word >> 31) << 20)


def _word(machine: Machine, address: int) -> int | None:
    try:
        return int.from_bytes(machine.ram.read(address & 0xFFFF_FFFF, 4), "little")
    except IndexError:
        return None
