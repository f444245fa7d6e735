"""Memory as bytes and characters; bytes that changed since the last stop are lit."""

from __future__ import annotations

from iss.isa.registers import NUMBER
from iss.tui import theme
from iss.tui.state import State
from iss.tui.text import Line, Row, page

_ADDRESS = 11


def title(state: State) -> str:
    """What stands above the pane: where it begins."""
    return f"memory {state.program.names.at(address_of(state))}"


def address_of(state: State) -> int:
    """The first address: what the user chose, else the stack, else the data."""
    if state.view.memory is not None:
        return state.view.memory
    stack = state.machine.hart.x[NUMBER["sp"]] & ~15
    if state.read(stack, 1) is not None:
        return stack
    image = state.machine.image
    data = [segment.address for segment in image.segments if "w" in segment.flags] if image is not None else []
    return min(data, default=state.machine.ram.base) & ~15


def bytes_in(width: int) -> int:
    """Bytes a line: a power of two that fits."""
    count = 4
    while count < 32 and _ADDRESS + 2 * count * 4 + 2 * count // 4 <= width:
        count *= 2
    return count


def render(state: State, width: int, height: int) -> list[Line]:
    """As many bytes as fit."""
    start, count = address_of(state), bytes_in(width)
    state.shown_memory = (start, count * height)
    before = state.before.memory.get(start, b"")
    rows = []
    for line in range(height):
        address = (start + line * count) & 0xFFFF_FFFF
        row = Row(f"{address:08x} ", theme.ADDRESS)
        known = state.read(address, count)
        data: list[bytes | None]
        if known is not None:
            data = [known[offset : offset + 1] for offset in range(count)]
        else:
            data = [state.read((address + offset) & 0xFFFF_FFFF, 1) for offset in range(count)]
        if not any(data):
            rows.append(row.add(f" {state.absent}", theme.DIM))
            continue
        old = before[line * count : (line + 1) * count]
        for offset, byte in enumerate(data):
            gap = " " if offset % 4 else "  "
            changed = byte is not None and offset < len(old) and old[offset] != byte[0]
            style = theme.CHANGED if changed else theme.DIM if byte == b"\0" else theme.PLAIN
            row.add(gap + ("--" if byte is None else byte.hex()), style)
        row.add("  ")
        for byte in data:
            shown = byte is not None and 32 <= byte[0] < 127
            row.add(byte.decode("ascii") if byte is not None and shown else "·", theme.HINT if shown else theme.DIM)
        rows.append(row)
    return page(rows, width, height)
