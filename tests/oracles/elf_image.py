"""Writes the smallest ELF file Spike loads: program segments and a symbol table, no compiler needed."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

_HEADER = "<16sHHIIIIIHHHHHH"
_SEGMENT = "<IIIIIIII"
_SECTION = "<IIIIIIIIII"
_SYMBOL = "<IIIBBH"
_EM_RISCV = 243
_ABSOLUTE = 0xFFF1


def write_elf(path: Path, entry: int, segments: Sequence[tuple[int, bytes]], symbols: Mapping[str, int]) -> None:
    """Write a 32-bit little-endian RISC-V executable with these (address, bytes) segments and absolute symbols."""
    header_size, segment_size = struct.calcsize(_HEADER), struct.calcsize(_SEGMENT)
    offset = header_size + segment_size * len(segments)
    table, content = b"", b""
    for address, data in segments:
        table += struct.pack(_SEGMENT, 1, offset + len(content), address, address, len(data), len(data), 7, 1)
        content += data

    names, entries = b"\0", bytes(struct.calcsize(_SYMBOL))
    for name, value in symbols.items():
        entries += struct.pack(_SYMBOL, len(names), value, 8, 0x11, 0, _ABSOLUTE)
        names += name.encode() + b"\0"
    section_names = b"\0.symtab\0.strtab\0.shstrtab\0"

    start = offset + len(content)
    sections = bytes(struct.calcsize(_SECTION))
    for name_offset, kind, data, link, unit in (
        (1, 2, entries, 2, struct.calcsize(_SYMBOL)),
        (9, 3, names, 0, 0),
        (17, 3, section_names, 0, 0),
    ):
        sections += struct.pack(_SECTION, name_offset, kind, 0, 0, start, len(data), link, int(unit > 0), 1, unit)
        content += data
        start += len(data)
    header = struct.pack(
        _HEADER,
        b"\x7fELF\x01\x01\x01" + bytes(9),
        *(2, _EM_RISCV, 1, entry, header_size, start, 0),
        *(header_size, segment_size, len(segments), struct.calcsize(_SECTION), 4, 3),
    )
    path.write_bytes(header + table + content + sections)
