"""Pictures of whole screens as text and of all panes as SVG: `python -m tests.tui.snapshots` makes them anew."""

from __future__ import annotations

from pathlib import Path

from iss.tui import screen
from iss.tui.commands.commander import Commander
from iss.tui.panels import PANELS
from iss.tui.text import Line
from tests.tui.program import SIZES, commander

FOLDER = Path(__file__).parent / "snapshots"
SESSION = ("break infer", "watch membranes[1]", "continue 4", "mark here", "neuron 1", "stepi")


PANE_SIZES = ((36, 6), (64, 12), (110, 18))
"""Cells of a pane with its title and bar."""


def moment(width: int, height: int) -> Commander:
    """A session at a fixed moment, after a step from it."""
    session = commander(width, height)
    for line in SESSION:
        session.execute(line)
    screen.compose(session.state, width, height)  # notes what memory is shown
    session.execute("stepi")
    return session


def sheet(width: int, height: int) -> str:
    """All panes at this size, one below the other, as SVG; every other one has the focus."""
    state = moment(200, 55).state
    state.tracing.cursor, state.tracing.cell = 37, 1
    lines: list[Line] = []
    for number, name in enumerate(PANELS):
        lines += screen.framed(name, state, width, height, bar=True, focus=number % 2 == 1)
    return screen.as_svg(lines, f"{width} x {height}") + "\n"


def sheet_file(width: int, height: int) -> Path:
    """Where a sheet is kept."""
    return FOLDER / f"panes-{width}x{height}.svg"


def picture(width: int, height: int) -> str:
    """The screen of a fixed moment."""
    session = moment(width, height)
    return screen.as_text(screen.compose(session.state, width, height)) + "\n"


def file(width: int, height: int) -> Path:
    """Where a picture is kept."""
    return FOLDER / f"screen-{width}x{height}.txt"


def main() -> None:
    """Make all of them."""
    FOLDER.mkdir(exist_ok=True)
    for size in SIZES:
        file(*size).write_text(picture(*size), encoding="utf-8")
    for size in PANE_SIZES:
        sheet_file(*size).write_text(sheet(*size), encoding="utf-8")


if __name__ == "__main__":
    main()
