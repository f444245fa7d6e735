"""Lines of styled text with an exact width: what is cut off shows a sign, never a shortened value that looks whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

from iss.tui import theme

Line = list[Segment]
CUT: Final = "…"
BARS: Final = " ▁▂▃▄▅▆▇█"


class Row:
    """A line in the making."""

    def __init__(self, text: str = "", style: Style = theme.PLAIN) -> None:
        self.segments: Line = []
        self.length = 0
        if text:
            self.add(text, style)

    def add(self, text: str, style: Style = theme.PLAIN) -> Row:
        """Append text; control characters become visible ones."""
        if not text.isprintable():
            text = "".join(character if character.isprintable() else "·" for character in text)
        if text:
            self.length += len(text) if text.isascii() else cell_len(text)
            if self.segments and self.segments[-1].style is style:  # few segments are painted in little time
                text = self.segments.pop().text + text
            self.segments.append(Segment(text, style))
        return self

    def to(self, column: int, gap: int = 1) -> Row:
        """Go on at a column, or `gap` cells behind the text where it is longer."""
        return self.add(" " * max(gap if self.length else 0, column - self.length))

    def on(self, style: Style) -> Row:
        """Put a style below everything, for example a background."""
        self.segments = [Segment(segment.text, style + (segment.style or theme.PLAIN)) for segment in self.segments]
        return self


def fit(segments: Sequence[Segment], width: int, style: Style = theme.PLAIN) -> Line:
    """Exactly `width` cells: filled up with blanks, or cut with a sign."""
    length = sum(cell_len(segment.text) for segment in segments)
    if length <= width:
        return [*segments, Segment(" " * (width - length), style)] if length < width else list(segments)
    line: Line = []
    left = width - 1
    for segment in segments:
        size = cell_len(segment.text)
        if size > left:
            if left > 0:
                line.append(Segment(set_cell_size(segment.text, left), segment.style))
            break
        line.append(segment)
        left -= size
    return [*line, Segment(CUT, theme.CHANGED)] if width > 0 else []


def changed_cells(old: Line, new: Line) -> tuple[int, int] | None:
    """From which cell to which two lines of the same width differ; None if they do not."""
    if old == new:
        return None
    before, after = ([(letter, part.style) for part in line for letter in part.text] for line in (old, new))
    shorter = min(len(before), len(after))
    left = next((place for place in range(shorter) if before[place] != after[place]), shorter)
    right = next((place for place in range(shorter - left) if before[-1 - place] != after[-1 - place]), shorter - left)
    start = cell_len("".join(letter for letter, _ in after[:left]))
    return start, start + cell_len("".join(letter for letter, _ in after[left : len(after) - right]))


def page(rows: Iterable[Row], width: int, height: int) -> list[Line]:
    """Exactly `height` lines of exactly `width` cells; the last one says how many rows there is no room for."""
    rows = list(rows)
    if len(rows) > height > 0:
        missing = len(rows) - height + 1
        rows = [*rows[: height - 1], Row(f"{CUT} {missing} more", theme.DIM)]
    lines = [fit(row.segments, width) for row in rows[: max(0, height)]]
    return lines + [[Segment(" " * width, theme.PLAIN)] for _ in range(height - len(lines))]


def plain(lines: Iterable[Line]) -> str:
    """The text alone, without blanks at the ends of lines."""
    return "\n".join("".join(segment.text for segment in line).rstrip() for line in lines)


def bar(share: float) -> str:
    """A block of eight heights for a share between 0 and 1; nothing for 0, never nothing for more."""
    return BARS[0 if share <= 0 else min(8, max(1, round(8 * share)))]
