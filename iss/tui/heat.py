"""Values as coloured cells: bars from below for positive ones, that hang from above for negative ones."""

from __future__ import annotations

from functools import cache

from rich.style import Style

from iss.tui import theme
from iss.tui.text import BARS, bar


def share(value: int, limit: int) -> float:
    """A value as a share of what is drawn as full, at most 1 either way."""
    return max(-1.0, min(1.0, value / (abs(limit) or 1)))


def glyph(part: float) -> str:
    """The bar of a share."""
    return bar(part) if part >= 0 else BARS[8 - BARS.index(bar(-part))]


def style(part: float) -> Style:
    """Its colours."""
    return _style(theme.heat(part), part >= 0)


@cache
def _style(colour: str, upwards: bool) -> Style:
    ground = theme.GROUND
    return Style(color=colour, bgcolor=ground) if upwards else Style(color=ground, bgcolor=colour)
