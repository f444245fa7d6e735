"""Source lines of a program: from address to file and line and back, and the reader of DWARF line tables.

pyelftools' whole DWARF reader is slow to import, so this module is imported when somebody asks for lines.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple


class SourceLine(NamedTuple):
    """A place in a source; `file` is a path as the compiler was given it, made absolute where it said how."""

    file: str
    line: int


class LineRow(NamedTuple):
    """From `address` to the next row's the code belongs to `place`, to nothing if that is None."""

    address: int
    place: SourceLine | None


class LineTable:
    """Looks source lines up by address and addresses by source line."""

    def __init__(self, rows: Iterable[LineRow] = ()) -> None:
        """Sort the rows; of several at one address the last that has a place counts."""
        found: dict[int, SourceLine | None] = {}
        for address, place in rows:
            if place is not None or address not in found:
                found[address] = place
        self._rows = sorted(found.items())
        self._addresses = [address for address, _ in self._rows]

    def __bool__(self) -> bool:
        return bool(self._rows)

    @property
    def rows(self) -> list[LineRow]:
        """All rows in the order of addresses."""
        return [LineRow(address, place) for address, place in self._rows]

    @property
    def files(self) -> list[str]:
        """The files that have code, each once."""
        return list(dict.fromkeys(place.file for _, place in self._rows if place is not None))

    def at(self, address: int) -> SourceLine | None:
        """The line the instruction at an address was made from, None if nobody knows."""
        index = bisect_right(self._addresses, address) - 1
        return self._rows[index][1] if index >= 0 else None

    def addresses(self, file: str, line: int) -> list[int]:
        """Where the code of a line begins, of the next one that has code if it has none; empty if no file fits.

        `file` may be a whole path or its last parts.
        """
        wanted = Path(file).parts
        own = [
            (place.line, address)
            for address, place in self._rows
            if place is not None and Path(place.file).parts[-len(wanted) :] == wanted and place.line >= line
        ]
        nearest = min((number for number, _ in own), default=None)
        runs = []
        for number, address in own:
            before = self.at(address - 1)
            if number == nearest and not (before is not None and before.line == number and before.file.endswith(file)):
                runs.append(address)
        return runs


def read_lines(data: bytes) -> LineTable:
    """The line table in an ELF file; empty if it has none or its debug information is damaged."""
    from elftools.elf.elffile import ELFFile

    try:
        elf = ELFFile(BytesIO(data))
        if not elf.has_dwarf_info():
            return LineTable()
        dwarf = elf.get_dwarf_info()
        return LineTable([row for unit in dwarf.iter_CUs() for row in _unit_rows(dwarf, unit)])
    except Exception:  # whatever pyelftools makes of damaged bytes: a program runs without its lines
        return LineTable()


def _unit_rows(dwarf: Any, unit: Any) -> list[LineRow]:
    program = dwarf.line_program_for_CU(unit)
    if program is None:
        return []
    directory = unit.get_top_DIE().attributes.get("DW_AT_comp_dir")
    base = Path(directory.value.decode("utf-8", "replace")) if directory is not None else Path()
    rows = []
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        place = (
            None if state.end_sequence or not state.line else SourceLine(_file(program, state.file, base), state.line)
        )
        rows.append(LineRow(state.address, place))
    return rows


def _file(program: Any, number: int, base: Path) -> str:
    """The path of a file of a line program: numbers begin at 1 up to DWARF 4 and at 0 from DWARF 5 on."""
    header = program.header
    first = 1 if header.version < 5 else 0
    entry = header.file_entry[number - first]
    directories = header.include_directory
    index = entry.dir_index - first
    folder = base if index < 0 else base / _text(directories[index])
    return str(folder / _text(entry.name))


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
