"""Pictures of whole screens as text: `python -m tests.tui.snapshots` makes them anew, a test compares."""

from __future__ import annotations

from pathlib import Path

from iss.tui import screen
from tests.tui.program import SIZES, commander

FOLDER = Path(__file__).parent / "snapshots"
SESSION = ("break infer", "watch membranes[1]", "continue 4", "mark here", "neuron 1", "stepi")


def picture(width: int, height: int) -> str:
    """The screen of a fixed moment."""
    session = commander(width, height)
    for line in SESSION:
        session.execute(line)
    screen.compose(session.state, width, height)  # notes what memory is shown
    session.execute("stepi")
    return screen.as_text(screen.compose(session.state, width, height)) + "\n"


def file(width: int, height: int) -> Path:
    """Where a picture is kept."""
    return FOLDER / f"screen-{width}x{height}.txt"


def main() -> None:
    """Make all of them."""
    FOLDER.mkdir(exist_ok=True)
    for size in SIZES:
        file(*size).write_text(picture(*size), encoding="utf-8")


if __name__ == "__main__":
    main()
