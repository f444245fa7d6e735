"""What the firmware has written up to the present moment."""

from __future__ import annotations

from iss.tui import theme
from iss.tui.state import State
from iss.tui.text import Line, Row, page


def title(state: State) -> str:
    """What stands above the pane."""
    shown, known = len(state.console.shown), len(state.console.text)
    return "console" + (f" {shown:,} of {known:,} bytes" if shown != known else "")


def render(state: State, width: int, height: int) -> list[Line]:
    """The last lines; long ones are continued on the next."""
    text = state.console.shown[-(width + 1) * (height + 1) :].decode("utf-8", "replace").replace("\r\n", "\n")
    rows: list[Row] = []
    for line in text.expandtabs(8).split("\n"):
        pieces = [line[start : start + width] for start in range(0, len(line), max(1, width))] or [""]
        rows += [Row(piece, theme.CONSOLE) for piece in pieces]
    if rows and not rows[-1].length:
        rows.pop()
    return page(rows[-height:] if height else [], width, height)
