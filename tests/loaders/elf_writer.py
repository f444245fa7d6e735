"""Writes small ELF32 files field by field, so that a test can falsify any of them."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

HEADER = ("type", "machine", "version", "entry", "phoff", "shoff", "flags", "ehsize", "phentsize", "phnum",
          "shentsize", "shnum", "shstrndx")  # fmt: skip
PROGRAM = ("type", "offset", "vaddr", "paddr", "filesz", "memsz", "flags", "align")
SECTION = ("name", "type", "flags", "addr", "offset", "size", "link", "info", "addralign", "entsize")

PT_LOAD, PT_INTERP = 1, 3
SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB = 1, 2, 3
R, W, X = 4, 2, 1

BASE = 0x8000_0000
CODE = struct.pack("<4I", 0x00500513, 0x00150513, 0x00000013, 0x0000006F)
"""li a0, 5; addi a0, a0, 1; nop; j . (encodings checked by objdump)."""
DATA = b"data"
DATA_ADDRESS = BASE + 0x1000
DATA_SIZE = 64
"""Bytes of the second segment in memory: DATA, then zeros."""

# name, value, size, info (bind << 4 | type), section index
SYMBOLS: tuple[tuple[bytes, int, int, int, int], ...] = (
    (b"", 0, 0, 0x00, 0),
    (b"start.c", 0, 0, 0x04, 0xFFF1),
    (b"$xrv32i2p1", BASE, 0, 0x00, 1),
    (b"helper", BASE + 4, 4, 0x02, 1),
    (b"helper", BASE + 8, 4, 0x02, 1),
    (b"shadowed", BASE + 8, 0, 0x00, 1),
    (b"missing", 0, 0, 0x20, 0),
    (b"_start", BASE, 16, 0x12, 1),
    (b"shadowed", BASE + 12, 4, 0x12, 1),
    (b"tohost", DATA_ADDRESS, 8, 0x11, 2),
    (b"stack_size", 0x400, 0, 0x10, 0xFFF1),
)


@dataclass
class ElfFile:
    """A valid executable with code, data and symbols; every field can be changed before `build`.

    `header`, `programs[n]` and `sections[n]` hold changes only (field name to value), applied last; a program header
    behind the two valid ones starts as zeros. Equal symbol names share one string.
    """

    header: dict[str, int] = field(default_factory=dict)
    programs: dict[int, dict[str, int]] = field(default_factory=dict)
    sections: dict[int, dict[str, int]] = field(default_factory=dict)
    symbols: tuple[tuple[bytes, int, int, int, int], ...] = SYMBOLS
    with_sections: bool = True
    identity: bytes = b"\x7fELF\x01\x01\x01".ljust(16, b"\0")

    def build(self) -> bytes:
        """The bytes: header, program headers, code, data, symbol table, strings, section headers."""
        program_count = max(2, *(n + 1 for n in self.programs)) if self.programs else 2
        code_offset = 52 + program_count * 32
        data_offset = code_offset + len(CODE)
        table, strings = self._tables()
        table_offset = data_offset + len(DATA)
        strings_offset = table_offset + len(table)
        section_offset = strings_offset + len(strings)
        programs = [
            (PT_LOAD, code_offset, BASE, BASE, len(CODE), len(CODE), R | X, 4),
            (PT_LOAD, data_offset, DATA_ADDRESS, DATA_ADDRESS, len(DATA), DATA_SIZE, R | W, 4),
            *((0,) * 8 for _ in range(program_count - 2)),
        ]
        sections = (
            (0,) * 10,
            (0, SHT_PROGBITS, 6, BASE, code_offset, len(CODE), 0, 0, 4, 0),
            (0, SHT_PROGBITS, 3, DATA_ADDRESS, data_offset, len(DATA), 0, 0, 4, 0),
            (0, SHT_SYMTAB, 0, 0, table_offset, len(table), 4, 1, 4, 16),
            (0, SHT_STRTAB, 0, 0, strings_offset, len(strings), 0, 0, 1, 0),
        )
        count = len(sections) if self.with_sections else 0
        header = (
            2,
            243,
            1,
            BASE,
            52,
            section_offset if count else 0,
            0,
            52,
            32,
            program_count,
            40,
            count,
            4 if count else 0,
        )
        parts = [self.identity, _record("<HHIIIIIHHHHHH", HEADER, header, self.header)]
        parts += [_record("<8I", PROGRAM, row, self.programs.get(n, {})) for n, row in enumerate(programs)]
        parts += [CODE, DATA, table, strings]
        if count:
            parts += [_record("<10I", SECTION, row, self.sections.get(n, {})) for n, row in enumerate(sections)]
        return b"".join(parts)

    def _tables(self) -> tuple[bytes, bytes]:
        strings = bytearray(1)
        offsets = {b"": 0}
        entries = []
        for name, value, size, info, section in self.symbols:
            if name not in offsets:
                offsets[name] = len(strings)
                strings += name + b"\0"
            entries.append(struct.pack("<IIIBBH", offsets[name], value, size, info, 0, section))
        return b"".join(entries), bytes(strings)


def _record(layout: str, names: tuple[str, ...], values: tuple[int, ...], changes: Mapping[str, int]) -> bytes:
    unknown = set(changes) - set(names)
    assert not unknown, f"no such field: {unknown}"
    return struct.pack(layout, *(changes.get(name, value) for name, value in zip(names, values, strict=True)))
