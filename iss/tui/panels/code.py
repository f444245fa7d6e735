"""Disassembly with its source lines: pc, breakpoints, how often branches were taken."""

from __future__ import annotations

from typing import Final

from rich.style import Style

from asm.disassembler import Disassembled
from iss.debug.points import PointKind
from iss.debug.search import AtAddress
from iss.tui import theme
from iss.tui.state import State
from iss.tui.text import Line, Row, page

_BRANCH: Final = 0x63
_COPROCESSOR: Final = (0x0B, 0x2B)
_ABOVE: Final = 3
"""The share of the pane above the current instruction: one part of so many."""
_ASSEMBLY: Final = (".S", ".s", ".asm")
"""Sources whose lines stand beside their instructions, not above."""
_SOURCE_COLUMNS: Final = ((76, 56), (56, 38))
"""From which width on the source stands at which column; in narrower panes it is left out."""


def title(state: State) -> str:
    """What stands above the pane: the function, and the source line."""
    place = state.program.lines.at(state.machine.hart.pc)
    where = state.program.name(state.machine.hart.pc) or f"{state.machine.hart.pc:#010x}"
    return f"code {where}" + (f" · {place.file.rsplit('/', 1)[-1]}:{place.line}" if place is not None else "")


def render(state: State, width: int, height: int) -> list[Line]:
    """Rows around the pc, or from the address the user looks at."""
    return page([row for _, row in rows(state, height, width)], width, height)


def rows(state: State, height: int, width: int) -> list[tuple[int | None, Row]]:
    """At most `height` rows with the address of their instruction, None for labels and source lines."""
    pc, wanted = state.machine.hart.pc, state.view.code
    centre = pc if wanted is None else wanted
    marks = breakpoints(state)
    found: list[tuple[int | None, Row]] = []
    column = next((column for least, column in _SOURCE_COLUMNS if width >= least), None)
    position = 0
    before = None
    for address in range(centre - 4 * height, centre + 4 * height, 4):
        instruction = state.instruction(address)
        if instruction is None:
            continue
        found.extend((None, Row(f"{name}:", theme.LABEL)) for name in state.program.labels.get(address, ()))
        place = state.program.lines.at(address)
        text = state.program.source(place) if place is not None and place != before else None
        assembly = place is not None and place.file.endswith(_ASSEMBLY)
        if place is not None and text is not None and not assembly:
            found.append((None, Row(f"{place.line:>5}  ", theme.DIM).add(text.strip(), theme.SOURCE)))
        before = place
        if address == centre:
            position = len(found)
        row = _instruction(state, instruction, marks.get(address))
        if place is not None and text is not None and assembly and column is not None:
            row.to(column, 2).add(f"{place.line:>4} ", theme.DIM).add(text.strip(), theme.SOURCE)
        found.append((address, row.on(theme.HERE) if address == pc else row))
    above = 0 if wanted is not None else height // _ABOVE
    start = max(0, min(position - above, len(found) - height))
    return found[start : start + height]


def breakpoints(state: State) -> dict[int, bool]:
    """Whether the breakpoint at an address is enabled."""
    marks: dict[int, bool] = {}
    for point in state.debugger.points.values():
        if point.kind is PointKind.BREAK and isinstance(point.wanted, AtAddress):
            for address in point.wanted.addresses:
                marks[address] = marks.get(address, False) or point.enabled
    return marks


def mnemonic_style(word: int) -> Style:
    """The colour of an instruction: the coprocessor's own is another one."""
    return theme.COPROCESSOR if word & 0x7F in _COPROCESSOR else theme.MNEMONIC


def _instruction(state: State, instruction: Disassembled, mark: bool | None) -> Row:
    here = instruction.address == state.machine.hart.pc
    row = Row("  " if mark is None else "● " if mark else "○ ", theme.BREAK if mark else theme.BREAK_OFF)
    row.add("►" if here else " ", theme.PC if here else theme.PLAIN)
    row.add(f"{instruction.address:08x}", theme.PC if here else theme.ADDRESS).add("  ")
    mnemonic, _, operands = instruction.text.partition(" ")
    data = mnemonic.startswith(".")
    row.add(f"{mnemonic:<8} ", theme.WORD if data else mnemonic_style(instruction.word))
    row.add(operands, theme.WORD if data else theme.PLAIN)
    if instruction.word & 0x7F == _BRANCH:
        taken, met = state.branches.get(instruction.address, (0, 0))
        offset = _branch_offset(instruction.word)
        row.add(" ↑" if offset < 0 else " ↓", theme.TAKEN)
        if met:
            row.add(f" taken {100 * taken / met:.0f} %", theme.TAKEN)
    elif instruction.comment:
        row.add(f" # {instruction.comment}", theme.HINT)
    return row


def _branch_offset(word: int) -> int:
    return -1 if word >> 31 else 1
