"""ELF section headers, symbol table and string table (System V gABI chapter 4); absent ones give no symbols."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from iss.loaders.image import Symbol, refusal

if TYPE_CHECKING:
    from elftools.elf.structs import ELFStructs

# Elf32_Sym (gABI, "Symbol Table"): st_name, st_value, st_size, st_info, st_other, st_shndx. Read in bulk: pyelftools
# takes 16 us a symbol, which for a C library's thousand symbols would be felt at every start.
SYMBOL = struct.Struct("<IIIBBH")
SECTION_UNDEFINED = 0
SECTION_ABSOLUTE = 0xFFF1
SECTION_COMMON = 0xFFF2
BIND_LOCAL = 0
TYPE_SECTION, TYPE_FILE = 3, 4
KINDS = {0: "label", 1: "object", 2: "function", 5: "object", 6: "tls"}
MAPPING_PREFIXES = ("$x", "$d")
"""Names that mark code and data for disassemblers (psABI, "Mapping Symbol"), not addresses of anything."""
MINIMUM_NAME_BYTES, NAME_BYTES_FACTOR = 1 << 20, 8
"""Names may share their ends; a table whose names add up to more than this was made to exhaust memory."""

RELINK = "the file is damaged: link it again, or remove its symbols with strip"


def read_symbols(source: str, data: bytes, header: Any, structs: ELFStructs) -> dict[str, Symbol]:
    """Name to symbol of the SHT_SYMTAB section; empty for a stripped file.

    Of several symbols with one name a global one wins over local ones, else the first. Raises LoadError when the
    section headers, the symbol table or its string table point outside of the file or contradict themselves.
    """
    sections = _sections(source, data, header, structs)
    tables = [(index, section) for index, section in enumerate(sections) if section.sh_type == "SHT_SYMTAB"]
    if not tables:
        return {}
    if len(tables) > 1:
        raise refusal(source, f"{len(tables)} symbol tables, expected at most one", RELINK)
    index, table = tables[0]
    if table.sh_entsize != SYMBOL.size or table.sh_size % SYMBOL.size:
        raise refusal(
            source,
            f"the symbol table (section {index}, {table.sh_size} bytes) has entries of {table.sh_entsize} bytes, "
            f"expected entries of {SYMBOL.size}",
            RELINK,
        )
    names = _string_table(source, data, sections, index, table.sh_link)
    return _symbols(source, data[table.sh_offset : table.sh_offset + table.sh_size], names, len(sections))


def _sections(source: str, data: bytes, header: Any, structs: ELFStructs) -> list[Any]:
    """All section headers, each checked to lie inside of the file."""
    count, offset, size = header.e_shnum, header.e_shoff, structs.Elf_Shdr.sizeof()
    if not count and not offset:
        return []
    if not count or not offset:
        raise refusal(source, f"{count} section headers at byte {offset} contradict each other", RELINK)
    if header.e_shentsize != size:
        raise refusal(source, f"section headers of {header.e_shentsize} bytes, expected {size}", RELINK)
    if offset + count * size > len(data):
        raise refusal(
            source,
            f"section headers end at byte {offset + count * size}, but the file has {len(data)}",
            "the file is truncated: copy it again, or remove its section headers with strip",
        )
    if header.e_shstrndx >= count:
        raise refusal(source, f"section names are said to be in section {header.e_shstrndx} of {count}", RELINK)
    sections = [
        structs.Elf_Shdr.parse(data[start : start + size]) for start in range(offset, offset + count * size, size)
    ]
    for index, section in enumerate(sections):
        occupies = section.sh_type not in ("SHT_NULL", "SHT_NOBITS")
        if occupies and section.sh_offset + section.sh_size > len(data):
            raise refusal(
                source,
                f"section {index} ({section.sh_size} bytes at byte {section.sh_offset}) ends outside of the file, "
                f"which has {len(data)} bytes",
                RELINK,
            )
    return sections


def _string_table(source: str, data: bytes, sections: list[Any], index: int, link: int) -> bytes:
    """The bytes of the string table that symbol table `index` names."""
    if link >= len(sections) or sections[link].sh_type != "SHT_STRTAB":
        raise refusal(
            source,
            f"the symbol table (section {index}) names section {link} of {len(sections)} as its string table, "
            "which is none",
            RELINK,
        )
    strings = data[sections[link].sh_offset : sections[link].sh_offset + sections[link].sh_size]
    if not strings.endswith(b"\0"):
        raise refusal(source, f"the string table (section {link}) does not end with a zero byte", RELINK)
    return strings


def _symbols(source: str, table: bytes, strings: bytes, section_count: int) -> dict[str, Symbol]:
    symbols: dict[str, Symbol] = {}
    local: set[str] = set()
    budget = max(MINIMUM_NAME_BYTES, NAME_BYTES_FACTOR * len(strings))
    for index, (name_offset, value, size, info, _, section) in enumerate(SYMBOL.iter_unpack(table)):
        if name_offset >= len(strings):
            raise refusal(
                source,
                f"the name of symbol {index} is at byte {name_offset} of a string table of {len(strings)} bytes",
                RELINK,
            )
        if section_count <= section < 0xFF00:
            raise refusal(source, f"symbol {index} belongs to section {section} of {section_count}", RELINK)
        kind, bind = info & 0xF, info >> 4
        if section in (SECTION_UNDEFINED, SECTION_COMMON) or kind in (TYPE_SECTION, TYPE_FILE):
            continue
        end = strings.index(b"\0", name_offset)
        budget -= end - name_offset
        if budget < 0:
            raise refusal(source, f"the symbol names add up to far more than their {len(strings)} bytes", RELINK)
        name = strings[name_offset:end].decode("utf-8", "backslashreplace")
        if not name or name.startswith(MAPPING_PREFIXES):
            continue
        if name in symbols and (bind == BIND_LOCAL or name not in local):
            continue
        (local.add if bind == BIND_LOCAL else local.discard)(name)
        described = "absolute" if section == SECTION_ABSOLUTE else KINDS.get(kind, "other")
        symbols[name] = Symbol(name, value, size, described)
    return symbols
