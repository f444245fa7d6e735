"""Every colour of the panels, by what it says; change the look here."""

from __future__ import annotations

from typing import Final

from rich.style import Style

PLAIN: Final = Style()
DIM: Final = Style(color="#7f8c98")
TITLE: Final = Style(color="#9fb4c7", bold=True)
FOCUS: Final = Style(color="#10151c", bgcolor="#ffd75f", bold=True)
BORDER: Final = Style(color="#4a5866")
HEADER: Final = Style(color="#e6edf3", bgcolor="#26323f")
HEADER_STRONG: Final = Style(color="#ffd75f", bgcolor="#26323f", bold=True)
ADDRESS: Final = Style(color="#7f9fbf")
WORD: Final = Style(color="#5f6f7f")
MNEMONIC: Final = Style(color="#8fd3ff", bold=True)
COPROCESSOR: Final = Style(color="#ff9fdf", bold=True)
LABEL: Final = Style(color="#ffd75f")
SOURCE: Final = Style(color="#9fcf8f")
HINT: Final = Style(color="#8fa8a0", italic=True)
CHANGED: Final = Style(color="#ff6f5f", bold=True)
PC: Final = Style(color="#10151c", bgcolor="#8fd38f", bold=True)
HERE: Final = Style(bgcolor="#24402c")
BREAK: Final = Style(color="#ff5f5f", bold=True)
BREAK_OFF: Final = Style(color="#9f6f6f")
TAKEN: Final = Style(color="#cfa8ff")
TRAP: Final = Style(color="#ff5f5f", bold=True)
SPIKE: Final = Style(color="#ffd75f", bold=True)
ENERGY: Final = Style(color="#8fd38f")
CONSOLE: Final = Style(color="#d7dde3")
SELECTED: Final = Style(color="#10151c", bgcolor="#ffd75f", bold=True)
COMMAND: Final = Style(color="#e6edf3", bgcolor="#26323f")
CURSOR: Final = Style(bgcolor="#2c3644")
ERROR: Final = Style(color="#ff6f5f", bold=True)
GOOD: Final = Style(color="#8fd38f", bold=True)
KEY: Final = Style(color="#ffd75f", bgcolor="#26323f", bold=True)

ANSWER: Final = Style(bgcolor="#1b232d")
ANSWER_EDGE: Final = Style(color="#ffd75f")
SCROLL_TRACK: Final = Style(bgcolor="#1d252f")
SCROLL_THUMB: Final = Style(bgcolor="#4a5866")

HEAT: Final = (
    ("#2f4a68", "#2f6390", "#2f80a8", "#2f9a94", "#6fbf6f", "#d9c24f", "#f2903a", "#e6594c"),
    ("#33406a", "#3d4a86", "#4a4f9f", "#6650b8"),
)
"""Potentials from 0 to the threshold, and from 0 downwards."""


GROUND: Final = "#161c24"


def heat(share: float) -> str:
    """The colour of a potential; 0 is rest, 1 the threshold, negative values are below rest."""
    scale = HEAT[0] if share >= 0 else HEAT[1]
    return scale[min(len(scale) - 1, int(abs(share) * len(scale)))]


def scroll_bar(height: int, top: int, count: int) -> list[Style]:
    """The styles of a scroll bar's cells: `height` of `count` lines are shown, `top` is the first of them."""
    if count <= height:
        return [PLAIN] * height
    size = max(1, height * height // count)
    start = round((height - size) * min(top, count - height) / (count - height))
    return [SCROLL_THUMB if start <= y < start + size else SCROLL_TRACK for y in range(height)]
