"""The integer registers: changed ones lit with their old value, and what a value may point at."""

from __future__ import annotations

from typing import Final

from iss.isa.registers import ABI_NAMES, NUMBER
from iss.tui import theme
from iss.tui.state import State
from iss.tui.text import CUT, Line, Row, page

_NARROW: Final = 13
_IMPORTANT: Final = (
    "pc ra sp a0 a1 a2 a3 a4 a5 t0 t1 t2 s0 s1 a6 a7 t3 t4 t5 t6 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 gp tp".split()
)
"""The order in which registers are shown where there is no room for all."""


def title(state: State) -> str:
    """What stands above the pane."""
    return "registers" + (" decimal" if state.view.decimal else "")


def render(state: State, width: int, height: int) -> list[Line]:
    """pc and x1 to x31 in as many columns as are needed."""
    numbers = list(range(len(ABI_NAMES)))
    columns = max(1, min(-(-len(numbers) // max(1, height)), width // _NARROW))
    if columns * height < len(numbers):
        numbers = [NUMBER.get(name, 0) for name in _IMPORTANT]
    count = len(numbers)
    lines = min(-(-count // columns), max(1, height - 1)) if columns * height < count else -(-count // columns)
    each = width // columns
    rows = []
    for line in range(lines):
        row = Row()
        for column in range(columns):
            index = column * lines + line
            if index < count:
                row.to(column * each)
                _register(state, row, numbers[index], each - 1 if column < columns - 1 else width - column * each)
        rows.append(row)
    if columns * lines < count:
        rows.append(Row(f"{CUT} {count - columns * lines} more", theme.DIM))
    return page(rows, width, height)


def _register(state: State, row: Row, number: int, room: int) -> None:
    hart = state.machine.hart
    name, value = ("pc", hart.pc) if number == 0 else (ABI_NAMES[number], hart.x[number])
    old = state.before.registers[number] if number and state.before.registers else value
    changed = old != value
    row.add(f"{name:<3} ", theme.CHANGED if changed else theme.TITLE)
    row.add(value_text(value, state.view.decimal), theme.CHANGED if changed else theme.PLAIN)
    start = row.length
    left = room - 4 - len(value_text(value, state.view.decimal))
    notes = [state.program.hint(value)]
    if changed:
        notes.insert(0, f"was {value_text(old, state.view.decimal).strip() if state.view.decimal else f'{old:x}'}")
    for note in notes:
        if note and row.length - start + len(note) + 1 <= left:
            row.add(f" {note}", theme.HINT)


def value_text(value: int, decimal: bool) -> str:
    """A word as eight hexadecimal digits, or signed."""
    return f"{(value ^ 1 << 31) - (1 << 31):>11}" if decimal else f"{value:08x}"
