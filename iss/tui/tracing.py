"""How the user looks at the trace: cursor, cell, filter, and where jumps came from. The pane and commands share it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from rich.style import Style

from asm.disassembler import Disassembler
from coprocessor.energy import EnergyPreset
from iss.debug.figures import energy_of, energy_text
from iss.debug.log import COPROCESSOR, Entry, Log, Matches
from iss.isa.causes import describe_cause
from iss.isa.registers import ABI_NAMES, NUMBER
from iss.trace.events import Command, CsrWrite, Interrupt, MemoryAccess, Trap
from iss.trace.filters import Filter
from iss.trace.jumps import OPCODE
from iss.tui import theme
from iss.tui.text import Row

_OPERAND: Final = re.compile(r"[a-z]+[0-9]*")
_TYPES: Final = {1: "u8", 2: "u16", 4: "u32"}
_EFFECTS, _COST = 46, 66
_MOST_JUMPS: Final = 1000


class Part(NamedTuple):
    """A piece of a line; `cell` is the register or memory it shows, as an expression."""

    text: str
    style: Style
    cell: str | None = None


class Tracing:
    """A log and where the user looks in it; `cursor` None follows the present moment."""

    def __init__(self, log: Log, disassembler: Disassembler) -> None:
        self.log, self._disassembler = log, disassembler
        self.cursor: int | None = None
        self.cell: int | None = None
        self.filter: Filter | None = None
        self.matches: Matches | None = None
        self.jumps: list[int] = []
        self._csrs = {csr.number: csr.name for csr in log.names.architecture.csrs}

    # Lines ----------------------------------------------------------------------------------------------------------
    @property
    def count(self) -> int:
        """Lines there are, those that the filter leaves."""
        return self.log.count if self.matches is None else len(self.matches)

    def place(self, index: int) -> int:
        """The line of an instruction, or the one behind it that the filter leaves."""
        return index if self.matches is None else self.matches.place(index)

    def index(self, place: int) -> int:
        """The instruction of a line."""
        place = max(0, min(place, self.count - 1))
        if self.matches is None:
            return place
        return next(iter(self.matches.indices(place, place + 1)), 0)

    def entries(self, begin: int, end: int) -> list[tuple[int, Entry]]:
        """Index and content of the lines begin..end-1."""
        begin, end = max(0, begin), min(end, self.count)
        if self.matches is None:
            return list(zip(range(begin, end), self.log.entries(begin, end), strict=False))
        return [(index, entry) for index in self.matches.indices(begin, end) for entry in self.entry(index)]

    def entry(self, index: int) -> list[Entry]:
        """The instruction of an index; none where nobody knows it."""
        return self.log.entries(index, index + 1)

    def choose(self, text: str) -> None:
        """Show only what a filter wants, everything if it is empty; FilterError."""
        self.filter = Filter.parse(text, self.log.names) if text.strip() else None
        self.refresh()

    def refresh(self) -> None:
        """Look again with the same filter: there is more to be seen."""
        self.matches = None if self.filter is None else Matches(self.log, self.filter)

    def jump(self, index: int) -> None:
        """Put the cursor somewhere, and keep where it was for `back`."""
        if self.cursor is not None:
            self.jumps = [*self.jumps[-_MOST_JUMPS:], self.cursor]
        self.cursor, self.cell = index, None

    def back(self) -> int | None:
        """Where the last jump came from; None if there was none."""
        return self.jumps.pop() if self.jumps else None

    def settle(self, now: int) -> None:
        """The machine has arrived: follow it, unless the cursor is there."""
        if self.cursor is not None and self.log.moment(self.cursor) != now:
            self.cursor = self.cell = None

    # Cells ----------------------------------------------------------------------------------------------------------
    def cells(self) -> list[str]:
        """Registers and memory that the instruction at the cursor shows, from left to right."""
        if self.cursor is None:
            return []
        return [part.cell for entry in self.entry(self.cursor) for part in self.parts(entry) if part.cell is not None]

    def move_cell(self, step: int) -> None:
        """Choose the next cell, or the one before; left of the first one none."""
        count = len(self.cells())
        place = -1 if self.cell is None else self.cell
        place = max(-1, min(count - 1, place + step))
        self.cell = None if place < 0 else place

    @property
    def chosen(self) -> str | None:
        """The cell that is chosen."""
        cells = self.cells()
        return cells[self.cell] if self.cell is not None and self.cell < len(cells) else None

    # Content --------------------------------------------------------------------------------------------------------
    def text(self, entry: Entry) -> str:
        """The instruction as it is written."""
        return self._disassembler.word(entry.retired.word, entry.retired.pc).text

    def parts(self, entry: Entry) -> list[Part]:
        """Address, instruction and what it did."""
        retired = entry.retired
        found = [Part(f"{retired.pc:08x} ", theme.ADDRESS)]
        if self.log.names.has("word"):
            mnemonic, _, operands = self.text(entry).partition(" ")
            own = theme.COPROCESSOR if retired.word & OPCODE in COPROCESSOR else theme.MNEMONIC
            found += [Part(f"{mnemonic} ", own), *_operands(operands)]
        found.append(Part("", theme.PLAIN))
        return [*found, *self._effects(entry)]

    def _effects(self, entry: Entry) -> list[Part]:
        retired = entry.retired
        found = [
            Part(f"▲ after {describe_cause(event.cause)} at {event.pc:08x} ", theme.TRAP)
            for event in retired.events
            if isinstance(event, Trap | Interrupt)
        ]
        if retired.destination and self.log.names.has("value"):
            name = ABI_NAMES[retired.destination]
            found.append(Part(f"{name}={retired.value:08x} ", theme.PLAIN, name))
        for event in retired.events:
            if isinstance(event, MemoryAccess):
                text = f"[{event.address:08x}]{'←' if event.is_store else '→'}{event.value:0{2 * event.size}x} "
                found.append(Part(text, theme.TAKEN, f"{_TYPES[event.size]}[{event.address:#x}]"))
            elif isinstance(event, CsrWrite):
                name = self._csrs.get(event.number, hex(event.number))
                found.append(Part(f"{name}={event.value:x} ", theme.LABEL, name if name in self._names else None))
        spikes = sum(
            len(group.neurons) for event in retired.events if isinstance(event, Command) for group in event.spikes
        )
        if spikes:
            found.append(Part(f"⚡{spikes} ", theme.SPIKE))
        if entry.counted and entry.counted.get("sop"):
            found.append(Part(f"{entry.counted['sop']:,} SOP ", theme.SPIKE))
        return found

    @property
    def _names(self) -> set[str]:
        return set(self._csrs.values())

    def row(self, index: int, entry: Entry, now: int, preset: EnergyPreset) -> Row:
        """The line of an instruction; what comes behind `now` is known, but not yet."""
        line, _ = self._laid_out(index, entry, now)
        line.to(_COST).add(f"{entry.cycles:,} cyc ", theme.DIM)
        energy = _energy(entry, preset)
        if energy is not None:
            line.add(energy_text(energy), theme.ENERGY)
        if index >= now:
            segments, line = line.segments, Row()
            for text, style, *_ in segments:
                line.add(text, theme.SELECTED if style is theme.SELECTED else theme.DIM)
        return line.on(theme.CURSOR) if index == self.cursor else line

    def _laid_out(self, index: int, entry: Entry, now: int) -> tuple[Row, list[tuple[int, int]]]:
        """The beginning of a line, and from which column to which its cells go."""
        line = Row("▌" if index == now - 1 else " ", theme.GOOD).add(f"{entry.retired.number:>9,} ", theme.DIM)
        cells: list[tuple[int, int]] = []
        for part in self.parts(entry):
            if not part.text:
                line.to(_EFFECTS)
                continue
            bare = part.text.rstrip()
            chosen = part.cell is not None and index == self.cursor and len(cells) == self.cell
            if part.cell is not None:
                cells.append((line.length, line.length + len(bare)))
            line.add(bare, theme.SELECTED if chosen else part.style).add(part.text[len(bare) :])
        return line, cells

    def cell_at(self, index: int, column: int) -> int | None:
        """The cell at a column of an instruction's line."""
        for entry in self.entry(index):
            for number, (start, end) in enumerate(self._laid_out(index, entry, 0)[1]):
                if start <= column < end:
                    return number
        return None


def _operands(text: str) -> list[Part]:
    parts, done = [], 0
    for found in _OPERAND.finditer(text):
        name = found[0]
        if NUMBER.get(name):
            parts += [Part(text[done : found.start()], theme.PLAIN), Part(name, theme.PLAIN, name)]
            done = found.end()
    parts.append(Part(text[done:] + " ", theme.PLAIN))
    return [part for part in parts if part.text]


def _energy(entry: Entry, preset: EnergyPreset) -> int | None:
    """Femtojoules of an instruction; a trace does not tell those of the coprocessor's commands."""
    accesses = sum(isinstance(event, MemoryAccess) for event in entry.retired.events)
    if entry.counted is None and entry.retired.word & OPCODE in COPROCESSOR:
        return None
    return energy_of(preset, 1, accesses, entry.cycles, entry.counted or {})
