"""The program as it was written: its symbols, functions, source lines and instructions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Final

from asm.disassembler import Disassembled, Disassembler
from iss.debug.calls import Calls
from iss.isa.registers import NUMBER
from iss.loaders.image import Symbol
from iss.loaders.lines import LineTable, SourceLine
from iss.loaders.names import Names
from iss.machine import Machine

_FAR: Final = 1 << 16
_STACK: Final = 1 << 12
_BLOCK: Final = 256
_BEFORE: Final = 8
"""Bytes before a block that say what its first instructions complete (`auipc` and `addi`)."""

Read = Callable[[int, int], bytes | None]
"""Bytes at an address, None where nobody knows them."""


def block_of(address: int) -> int:
    """The address of the block with this instruction."""
    return address & -_BLOCK | address & 3


class Program:
    """What an image says of the code in a machine; made once for a program."""

    def __init__(self, machine: Machine) -> None:
        self._machine, self._image = machine, machine.image
        self.symbols: dict[str, Symbol] = dict(self._image.symbols) if self._image is not None else {}
        self.names, self.calls = Names(self.symbols.values()), Calls(self._image)
        self.disassembler = Disassembler(
            machine.architecture, {name: symbol.address for name, symbol in self.symbols.items()}, aliases=True
        )
        self._texts: dict[str, list[str]] = {}
        self._blocks: dict[int, tuple[list[bytes | None], dict[int, Disassembled]]] = {}

    # Instructions ---------------------------------------------------------------------------------------------------
    def block(self, start: int, read: Read) -> dict[int, Disassembled]:
        """The instructions of a block by address, those that are known; decoded again where memory has changed."""
        words = _words(start - _BEFORE, _BEFORE + _BLOCK, read)
        kept = self._blocks.get(start)
        if kept is not None and kept[0] == words:
            return kept[1]
        found: dict[int, Disassembled] = {}
        for known, group in groupby(enumerate(words), lambda pair: pair[1] is not None):
            pairs = list(group)
            if known:
                code = b"".join(word for _, word in pairs if word is not None)
                address = start - _BEFORE + 4 * pairs[0][0]
                found |= {one.address: one for one in self.disassembler.run(code, address) if one.address >= start}
        self._blocks[start] = words, found
        return found

    # Names ----------------------------------------------------------------------------------------------------------
    def name(self, address: int) -> str | None:
        """`symbol+offset` of a place in code, None if nothing is near."""
        symbol = self.names.function(address)
        if symbol is None or address - symbol.address >= _FAR:
            return None
        offset = address - symbol.address
        return symbol.name + (f"+{offset}" if offset else "")

    @cached_property
    def labels(self) -> dict[int, list[str]]:
        """The symbols at each address that are places."""
        found: dict[int, list[str]] = {}
        for symbol in self.symbols.values():
            if symbol.kind != "absolute":
                found.setdefault(symbol.address, []).append(symbol.name)
        return found

    def hint(self, value: int) -> str:
        """What a value may be: a symbol, a place on the stack; empty if it says nothing."""
        ram = self._machine.ram
        if not ram.base <= value < ram.base + ram.size:
            return ""
        code = self._image is not None and any(
            "x" in segment.flags and segment.address <= value < segment.end for segment in self._image.segments
        )
        if code:
            return self.name(value) or ""
        name = self.names.at(value)
        if not name.startswith("0x"):
            return f"→{name}"
        return "→stack" if 0 <= value - self._machine.hart.x[NUMBER["sp"]] < _STACK else ""

    # Source lines ---------------------------------------------------------------------------------------------------
    @cached_property
    def lines(self) -> LineTable:
        """Which instruction is of which source line."""
        return self._image.lines if self._image is not None else LineTable()

    def source(self, place: SourceLine) -> str | None:
        """The text of a source line, None if the file is not here or has changed."""
        if place.file not in self._texts:
            try:
                self._texts[place.file] = Path(place.file).read_text("utf-8", "replace").expandtabs(4).splitlines()
            except OSError:
                self._texts[place.file] = []
        lines = self._texts[place.file]
        return lines[place.line - 1] if 0 < place.line <= len(lines) else None


def _words(start: int, size: int, read: Read) -> list[bytes | None]:
    """The words at an address, each None where nobody knows it."""
    data = read(start, size)
    if data is None:
        return [read(start + offset, 4) for offset in range(0, size, 4)]
    return [data[offset : offset + 4] for offset in range(0, size, 4)]
