"""DWARF 4 for assembly sources: a line table a unit, and the compile unit that points at it (DWARF 4, 6.2 and 3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from asm.expressions import Reference
from asm.fragments import Data, DataFixup, Section, leb128
from asm.source import Line
from asm.symbols import Label, Place, Symbol
from asm.unit import Unit

PRODUCER: Final = "NeuroHart assembler"
_VERSION: Final = 4
_LINE_BASE: Final = -5
_LINE_RANGE: Final = 14
_OPCODE_BASE: Final = 13
_OPERAND_COUNTS: Final = bytes((0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1))

# Line number opcodes (DWARF 4, table 7.26 and 7.27).
_COPY, _ADVANCE_PC, _ADVANCE_LINE, _SET_FILE, _SET_COLUMN, _NEGATE_STATEMENT = (
    1,
    2,
    3,
    4,
    5,
    6,
)
_END_SEQUENCE, _SET_ADDRESS = 1, 2

# (tag, attributes and forms) of the one entry: DWARF 4, tables 7.18 to 7.21.
_COMPILE_UNIT: Final = 0x11
_ATTRIBUTES: Final = (
    (0x10, 0x17),  # DW_AT_stmt_list, DW_FORM_sec_offset
    (0x11, 0x01),  # DW_AT_low_pc, DW_FORM_addr
    (0x55, 0x17),  # DW_AT_ranges, DW_FORM_sec_offset
    (0x03, 0x0E),  # DW_AT_name, DW_FORM_strp
    (0x1B, 0x0E),  # DW_AT_comp_dir, DW_FORM_strp
    (0x25, 0x0E),  # DW_AT_producer, DW_FORM_strp
    (0x13, 0x05),  # DW_AT_language, DW_FORM_data2
)
_ASSEMBLER_LANGUAGE: Final = 0x8001


@dataclass(frozen=True, slots=True)
class LineRow:
    """At `address` starts the code of a line."""

    address: int
    file: str
    line: int
    column: int
    statement: bool


def _word(value: int, size: int = 4) -> bytes:
    return value.to_bytes(size, "little")


def sequences(unit: Unit) -> list[tuple[list[LineRow], int]]:
    """Return the rows of each code section of a placed unit in the order of addresses, with its end address."""
    result = []
    for section in unit.sections.values():
        if not section.is_allocated or not section.rows:
            continue
        rows = [
            LineRow(
                section.position(row.fragment, row.offset),
                row.file,
                row.line,
                row.column,
                row.statement,
            )
            for row in section.rows
        ]
        rows.sort(key=lambda row: row.address)
        result.append((rows, section.address + section.size))
    return result


def describe(unit: Unit, directory: str) -> None:
    """Add debug sections to a placed unit; those that a compiler wrote itself get their line table alone."""
    code = sequences(unit)
    if not code:
        return
    line = _section(unit, ".debug_line")
    line_start = _start_symbol(line)
    _append(line, _line_program(unit, code))
    if ".debug_info" in unit.sections:
        return
    ranges, strings = _section(unit, ".debug_ranges"), _section(unit, ".debug_str")
    abbreviations, info = _section(unit, ".debug_abbrev"), _section(unit, ".debug_info")
    bounds = [(rows[0].address, end) for rows, end in code]
    _append(ranges, b"".join(_word(low) + _word(high) for low, high in [*bounds, (0, 0)]))
    _append(abbreviations, _abbreviations())
    names = [text.encode("utf-8", "surrogateescape") + b"\0" for text in (unit.name, directory, PRODUCER)]
    offsets = [sum(map(len, names[:index])) for index in range(len(names))]
    _append(strings, b"".join(names))

    body = _word(_VERSION, 2)
    content = Data()
    content.content += _word(0) + body
    _refer(content, _start_symbol(abbreviations), 0)
    content.content += b"\x04\x01"
    _refer(content, line_start, 0)
    content.content += _word(0)
    _refer(content, _start_symbol(ranges), 0)
    for offset in offsets:
        _refer(content, _start_symbol(strings), offset)
    content.content += _word(_ASSEMBLER_LANGUAGE, 2)
    content.content[:4] = _word(len(content.content) - 4)
    info.subsections[0].append(content)

    aranges = Data()
    aranges.content += _word(0) + _word(2, 2)
    _refer(aranges, _start_symbol(info), 0)
    aranges.content += b"\x04\x00" + bytes(4)
    aranges.content += b"".join(_word(low) + _word(high - low) for low, high in bounds) + bytes(8)
    aranges.content[:4] = _word(len(aranges.content) - 4)
    _section(unit, ".debug_aranges").subsections[0].append(aranges)


def _section(unit: Unit, name: str) -> Section:
    section = unit.sections.setdefault(name, Section(name, ""))
    section.subsections.setdefault(0, [])
    return section


def _append(section: Section, content: bytes) -> None:
    data = Data()
    data.content += content
    section.subsections[0].append(data)


def _start_symbol(section: Section) -> Symbol:
    symbol = Symbol(f".L\x01{section.name}")
    fragments = section.subsections[0]
    if not fragments:
        fragments.append(Data())
    symbol.label = Label(section, fragments[0], 0)
    return symbol


def _refer(data: Data, symbol: Symbol, offset: int) -> None:
    """Append the section offset `offset` bytes after a symbol."""
    fragment_expression = Reference(symbol)
    place = Place(Line("", "", "debug information", 0), 0)
    start = len(data.content)
    if offset:
        shifted = Symbol(symbol.name)
        assert symbol.label is not None
        shifted.label = Label(symbol.label.section, symbol.label.fragment, symbol.label.offset + offset)
        fragment_expression = Reference(shifted)
    data.fixups.append(DataFixup(start, 4, fragment_expression, place))
    data.content += bytes(4)


def _abbreviations() -> bytes:
    attributes = b"".join(leb128(name, False) + leb128(form, False) for name, form in _ATTRIBUTES)
    return b"\x01" + leb128(_COMPILE_UNIT, False) + b"\0" + attributes + b"\0\0\0"


def _file_numbers(unit: Unit, code: list[tuple[list[LineRow], int]]) -> tuple[list[str], dict[str, int]]:
    """Return the file table (numbered from 1) and the number of each file."""
    if unit.has_locations:
        table = [unit.files.get(number, unit.name) for number in range(1, max(unit.files, default=0) + 1)]
    else:
        table = list(dict.fromkeys(row.file for rows, _ in code for row in rows))
    numbers: dict[str, int] = {}
    for number, name in enumerate(table, 1):
        numbers.setdefault(name, number)
    return table, numbers


def _line_program(unit: Unit, code: list[tuple[list[LineRow], int]]) -> bytes:
    table, numbers = _file_numbers(unit, code)
    files = b"".join(name.encode("utf-8", "surrogateescape") + b"\0\0\0\0" for name in table)
    header = bytes((1, 1, 1, _LINE_BASE & 255, _LINE_RANGE, _OPCODE_BASE)) + _OPERAND_COUNTS + b"\0" + files + b"\0"
    program = b"".join(_sequence(rows, end, numbers) for rows, end in code)
    body = _word(_VERSION, 2) + _word(len(header)) + header + program
    return _word(len(body)) + body


def _sequence(rows: list[LineRow], end: int, numbers: dict[str, int]) -> bytes:
    """Encode one run of ascending addresses."""
    out = bytearray(b"\0\x05" + bytes((_SET_ADDRESS,)) + _word(rows[0].address))
    address, file, line, column, statement = rows[0].address, 1, 1, 0, True
    for row in rows:
        number = numbers.get(row.file, 1)
        if number != file:
            out += bytes((_SET_FILE,)) + leb128(number, False)
            file = number
        if row.column != column:
            out += bytes((_SET_COLUMN,)) + leb128(row.column, False)
            column = row.column
        if row.statement != statement:
            out.append(_NEGATE_STATEMENT)
            statement = row.statement
        advance, distance = row.line - line, row.address - address
        if not _LINE_BASE <= advance < _LINE_BASE + _LINE_RANGE:
            out += bytes((_ADVANCE_LINE,)) + leb128(advance, True)
            advance = 0
        special = (advance - _LINE_BASE) + _LINE_RANGE * distance + _OPCODE_BASE
        if special > 255:
            out += bytes((_ADVANCE_PC,)) + leb128(distance, False)
            special = (advance - _LINE_BASE) + _OPCODE_BASE
        out.append(special)
        line, address = row.line, row.address
    out += bytes((_ADVANCE_PC,)) + leb128(end - address, False)
    return bytes(out) + b"\0\x01" + bytes((_END_SEQUENCE,))
