"""The words on the stack, from sp upwards, and what they may be."""

from __future__ import annotations

from iss.isa.registers import NUMBER
from iss.tui import theme
from iss.tui.state import State
from iss.tui.text import Line, Row, page


def title(state: State) -> str:
    """What stands above the pane."""
    return "stack"


def render(state: State, width: int, height: int) -> list[Line]:
    """One word a line, as many as there are lines."""
    x = state.machine.hart.x
    sp = x[NUMBER["sp"]]
    pointers = {x[NUMBER["s0"]]: "s0→"} | {sp: "sp→"}
    returns = {frame.stack for frame in state.frames}
    rows = []
    for address in range(sp & ~3, (sp & ~3) + 4 * height, 4):
        value = state.word(address)
        if value is None:
            rows.append(Row(f"    {address & 0xFFFFFFFF:08x} {state.absent}", theme.DIM))
            break
        row = Row(f"{pointers.get(address, ''):<4}", theme.LABEL).add(f"{address:08x} ", theme.ADDRESS)
        row.add(f"{value:08x}", theme.TAKEN if address in returns else theme.PLAIN)
        hint = state.program.hint(value)
        rows.append(row.add(f" {hint}", theme.HINT) if hint else row)
    return page(rows, width, height)
