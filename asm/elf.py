"""Writes an ELF32 little-endian RISC-V executable (System V gABI; RISC-V psABI, "ELF Object Files")."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asm.layout import OutputSection
from iss.memory.map import PAGE

if TYPE_CHECKING:
    from asm.program import Program, ProgramSymbol

_MACHINE: Final = 243
_EXECUTABLE: Final = 2
_COMPRESSED_FLAG: Final = 1
_HEADER: Final = 52
_PROGRAM_HEADER: Final = 32
_SECTION_HEADER: Final = 40

_SECTION_TYPES: Final = {
    "progbits": 1, "symtab": 2, "strtab": 3, "note": 7, "nobits": 8,
    "init_array": 14, "fini_array": 15, "preinit_array": 16, "attributes": 0x7000_0003,
}  # fmt: skip
_FLAG_BITS: Final = {"w": 1, "a": 2, "x": 4}
_SEGMENT_BITS: Final = {"x": 1, "w": 2, "a": 4}
_BINDINGS: Final = {"local": 0, "global": 1, "weak": 2}
_KINDS: Final = {"notype": 0, "object": 1, "func": 2}
_VISIBILITIES: Final = {"default": 0, "internal": 1, "hidden": 2, "protected": 3}
_FILE_SYMBOL: Final = 4
_ABSOLUTE: Final = 0xFFF1
# Versions of the ratified extensions (unprivileged manual, preface); custom ones (x...) are drafts.
_VERSIONS: Final = dict.fromkeys("mcz", "2p0") | {"i": "2p1", "a": "2p1", "x": "0p1"}
_LOAD: Final = 1
_ATTRIBUTES_SEGMENT: Final = 0x7000_0003


class _Strings:
    """A string table under construction."""

    def __init__(self) -> None:
        self.content = bytearray(b"\0")
        self._offsets: dict[str, int] = {"": 0}

    def add(self, text: str) -> int:
        if text not in self._offsets:
            self._offsets[text] = len(self.content)
            self.content += text.encode("utf-8", "surrogateescape") + b"\0"
        return self._offsets[text]


@dataclass(slots=True)
class _Header:
    name: str
    kind: str
    flags: int = 0
    address: int = 0
    offset: int = 0
    size: int = 0
    link: int = 0
    info: int = 0
    alignment: int = 1
    entry_size: int = 0


def write_elf(program: Program) -> bytes:
    """Return the bytes of the executable."""
    loaded = program.loaded
    others = [section for section in program.sections if "a" not in section.flags and section.size]
    segments = _segments(loaded)
    out = bytearray(_HEADER + _PROGRAM_HEADER * len(segments))
    headers = [_Header("", "progbits")]
    for section in loaded:
        if section.kind != "nobits":
            out += bytes((section.address - len(out)) % PAGE)
        headers.append(_section_header(section, len(out)))
        if section.kind != "nobits":
            out += section.content
    for section in others:
        headers.append(_section_header(section, len(out)))
        out += section.content
    attributes = _attributes(program.isa)
    headers.append(_Header(".riscv.attributes", "attributes", 0, 0, len(out), len(attributes)))
    out += attributes
    indices = {header.name: index for index, header in enumerate(headers)}

    strings = _Strings()
    symbols, first_global = _symbols(program, indices, strings)
    out += bytes(-len(out) % 4)
    headers.append(
        _Header(
            ".symtab",
            "symtab",
            0,
            0,
            len(out),
            len(symbols),
            len(headers) + 1,
            first_global,
            4,
            16,
        )
    )
    out += symbols
    headers.append(_Header(".strtab", "strtab", 0, 0, len(out), len(strings.content)))
    out += strings.content
    names = _Strings()
    offsets = [names.add(header.name) for header in headers] + [names.add(".shstrtab")]
    headers.append(_Header(".shstrtab", "strtab", 0, 0, len(out), len(names.content)))
    out += names.content
    out += bytes(-len(out) % 4)
    table_offset = len(out)
    for name, header in zip(offsets, headers, strict=True):
        out += _pack_header(name, header)
    flags = _COMPRESSED_FLAG if program.has_compressed else 0
    identity = b"\x7fELF" + bytes((1, 1, 1)) + bytes(9)
    out[:_HEADER] = identity + struct.pack(
        "<HHIIIIIHHHHHH",
        _EXECUTABLE,
        _MACHINE,
        1,
        program.entry,
        _HEADER if segments else 0,
        table_offset,
        flags,
        _HEADER,
        _PROGRAM_HEADER,
        len(segments),
        _SECTION_HEADER,
        len(headers),
        len(headers) - 1,
    )
    positions = {header.name: header.offset for header in headers}
    packed = b"".join(_pack_segment(segment, positions) for segment in segments)
    out[_HEADER : _HEADER + len(packed)] = packed
    return bytes(out)


def _segments(loaded: list[OutputSection]) -> list[list[OutputSection]]:
    """Group sections that lie together with the same permissions; initialised ones never follow zeros in a segment."""
    segments: list[list[OutputSection]] = []
    for section in loaded:
        last = segments[-1][-1] if segments else None
        joins = (
            last is not None
            and last.group == section.group
            and section.address - last.end < PAGE
            and (last.kind != "nobits" or section.kind == "nobits")
        )
        if joins:
            segments[-1].append(section)
        else:
            segments.append([section])
    return segments


def _section_header(section: OutputSection, offset: int) -> _Header:
    flags = sum(_FLAG_BITS.get(flag, 0) for flag in section.flags)
    kind = section.kind if section.kind in _SECTION_TYPES else "progbits"
    alignment = section.alignment
    return _Header(
        section.name,
        kind,
        flags,
        section.address,
        offset,
        section.size,
        alignment=alignment,
    )


def _pack_header(name: int, header: _Header) -> bytes:
    kind = _SECTION_TYPES[header.kind] if header.name else 0
    return struct.pack(
        "<IIIIIIIIII",
        name,
        kind,
        header.flags,
        header.address,
        header.offset,
        header.size,
        header.link,
        header.info,
        header.alignment if header.name else 0,
        header.entry_size,
    )


def _pack_segment(segment: list[OutputSection], positions: dict[str, int]) -> bytes:
    first, last = segment[0], segment[-1]
    filled = [section for section in segment if section.kind != "nobits"]
    file_size = filled[-1].end - first.address if filled else 0
    permissions = 0
    for section in segment:
        for flag in section.flags:
            permissions |= _SEGMENT_BITS.get(flag, 0)
    offset = positions[first.name]
    if not filled:
        offset += (first.address - offset) % PAGE
    memory_size = last.end - first.address
    return struct.pack(
        "<IIIIIIII",
        _LOAD,
        offset,
        first.address,
        first.address,
        file_size,
        memory_size,
        permissions,
        PAGE,
    )


def _symbols(program: Program, indices: dict[str, int], strings: _Strings) -> tuple[bytes, int]:
    """Return the symbol table and the index of its first global symbol."""
    entries = [bytes(16)]
    unit = None
    locals_first = sorted(program.symbols, key=lambda symbol: symbol.binding != "local")
    first_global = 0
    for symbol in locals_first:
        if symbol.binding == "local" and symbol.unit != unit:
            unit = symbol.unit
            entries.append(struct.pack("<IIIBBH", strings.add(unit), 0, 0, _FILE_SYMBOL, 0, _ABSOLUTE))
        if symbol.binding != "local" and not first_global:
            first_global = len(entries)
        entries.append(_pack_symbol(symbol, indices, strings))
    return b"".join(entries), first_global or len(entries)


def _pack_symbol(symbol: ProgramSymbol, indices: dict[str, int], strings: _Strings) -> bytes:
    info = _BINDINGS[symbol.binding] << 4 | _KINDS[symbol.kind]
    index = _ABSOLUTE if symbol.section is None else indices.get(symbol.section, _ABSOLUTE)
    visibility = _VISIBILITIES[symbol.visibility]
    return struct.pack(
        "<IIIBBH",
        strings.add(symbol.name),
        symbol.address,
        symbol.size,
        info,
        visibility,
        index,
    )


def _attributes(isa: str) -> bytes:
    """Return the contents of .riscv.attributes: the ISA string alone (psABI, "Attributes")."""
    body = b"\x05" + versioned(isa).encode("ascii") + b"\0"
    file_part = b"\x01" + struct.pack("<I", len(body) + 5) + body
    vendor = b"riscv\0" + file_part
    return b"A" + struct.pack("<I", len(vendor) + 4) + vendor


def versioned(isa: str) -> str:
    """Return an ISA string as the psABI wants it, each extension with a version: `rv32i2p1_m2p0_zicsr2p0`."""
    single, *named = isa.lower().removeprefix("rv32").split("_")
    names = [name for name in [*single, *sorted(named, key=lambda name: name.startswith("x"))] if name]
    versions = ["" if name[-1:].isdigit() else _VERSIONS.get(name, _VERSIONS[name[0]]) for name in names]
    return "rv32" + "_".join(name + version for name, version in zip(names, versions, strict=True))
