"""An assembled and linked program, and the forms it can be written in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from asm.errors import Diagnostic
from asm.layout import OutputSection
from asm.source import Line

if TYPE_CHECKING:
    from iss.loaders import Image


@dataclass(frozen=True, slots=True)
class ProgramSymbol:
    """A symbol with its final value; `section` is None for plain numbers, `unit` the source it is local to."""

    name: str
    address: int
    size: int
    kind: str
    binding: str
    section: str | None
    unit: str
    visibility: str = "default"


@dataclass(frozen=True, slots=True)
class ListedLine:
    """A statement's source line and the bytes it produced at an address."""

    address: int
    content: bytes
    line: Line


@dataclass(slots=True)
class Program:
    """The result of `asm.assemble`; nothing in it changes any more. `code_ranges` are (start, end) addresses."""

    entry: int
    sections: tuple[OutputSection, ...]
    symbols: tuple[ProgramSymbol, ...]
    isa: str
    has_compressed: bool
    warnings: tuple[Diagnostic, ...] = ()
    listed: tuple[ListedLine, ...] = field(default=(), repr=False)
    sources: tuple[str, ...] = ()
    code_ranges: tuple[tuple[int, int], ...] = ()

    @property
    def loaded(self) -> list[OutputSection]:
        """The sections that occupy memory, in the order of their addresses."""
        sections = [section for section in self.sections if "a" in section.flags and section.size]
        return sorted(sections, key=lambda section: section.address)

    @property
    def names(self) -> dict[str, int]:
        """Addresses of all symbols by name (the first one where several sources have a local of that name)."""
        names: dict[str, int] = {}
        for symbol in self.symbols:
            names.setdefault(symbol.name, symbol.address)
        return names

    def code_words(self) -> Iterator[int]:
        """Yield the 32-bit words of all code (16-bit instructions are left out)."""
        for start, end in self.code_ranges:
            section = next(section for section in self.loaded if section.address <= start < section.end)
            position, last = start - section.address, end - section.address
            while position + 4 <= last:
                compressed = self.has_compressed and section.content[position] & 3 != 3
                if not compressed:
                    yield int.from_bytes(section.content[position : position + 4], "little")
                position += 2 if compressed else 4

    def image(self) -> Image:
        """Return the program as the simulator loads it."""
        from asm.formats import to_image

        return to_image(self)

    def elf(self) -> bytes:
        """Return an ELF32 executable with symbols and line table."""
        from asm.elf import write_elf

        return write_elf(self)

    def binary(self) -> bytes:
        """Return memory from the lowest to the highest initialised address, gaps filled with zeros."""
        from asm.formats import to_binary

        return to_binary(self)

    def ihex(self) -> str:
        """Return Intel HEX text with extended linear addresses and the entry."""
        from asm.formats import to_ihex

        return to_ihex(self)

    def listing(self) -> str:
        """Return addresses and bytes beside the source lines, and the symbol table."""
        from asm.listing import write_listing

        return write_listing(self)

    def save(self, path: Path, form: str = "elf") -> None:
        """Write the program atomically in a form of `asm.formats.FORMATS`. Raises OSError."""
        from asm.formats import FORMATS, write_atomically

        write_atomically(path, FORMATS[form](self))
