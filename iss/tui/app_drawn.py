"""Widgets that are drawn as lines, of which only the cells that changed are painted; and scrolled, with a bar.

Textual's own ScrollView lays out the whole screen anew, and paints it again, where its content gets another size.
"""

from __future__ import annotations

from typing import Final

from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.strip import Strip
from textual.widget import Widget

from iss.tui import theme
from iss.tui.text import Line, changed_cells

_WHEEL: Final = 3
"""Lines of a turn of the mouse's wheel."""


class Drawn(Widget):
    """Shows `lines`; `draw` says that they may be other ones now."""

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False, repaint=False)
    """What is shown has room: another size is no reason to lay out everything once more."""

    def __init__(self, name: str, classes: str | None = None) -> None:
        super().__init__(id=name, classes=classes)
        self._drawn: list[Line] = []
        self._strips: list[Strip] = []
        self._size_drawn: tuple[int, int] | None = None
        self._stale = True

    def lines(self, width: int, height: int) -> list[Line]:
        """Exactly `height` lines of exactly `width` cells."""
        raise NotImplementedError

    @property
    def may_draw(self) -> bool:
        """Whether `lines` can be asked; if not, what was drawn last stays."""
        return True

    def draw(self) -> None:
        """There may be other lines."""
        self.draw_changes()

    def draw_changes(self) -> None:
        """Paint what has changed; what is not on the screen is drawn when it is."""
        self._stale = True
        if self.display and self._size_drawn == self.size:
            changed = enumerate(self._update())
            regions = [Region(span[0], y, span[1] - span[0], 1) for y, span in changed if span is not None]
            if regions:
                self.refresh(*regions)

    def _update(self) -> list[tuple[int, int] | None]:
        """Draw if something may have changed; the cells of each line that are other ones now, empty for all."""
        width, height = self.size
        same = self._size_drawn == (width, height)
        if not self.may_draw or (same and not self._stale):
            return []
        lines = self.lines(width, height)
        changed = [changed_cells(*two) for two in zip(self._drawn, lines, strict=True)] if same else []
        filters, background = self.get_line_filters(), self.background_colors[1]
        for y, line in enumerate(lines):
            if not same or changed[y] is not None:
                strip = Strip(line)
                for each in filters:
                    strip = strip.apply_filter(each, background)
                self._strips[y : y + 1] = [strip]
        del self._strips[height:]
        self._drawn, self._size_drawn, self._stale = lines, (width, height), False
        return changed

    def watch_has_focus(self, focus: bool) -> None:
        """Having the focus may look otherwise; Textual paints the widget anew then."""
        super().watch_has_focus(focus)
        self._stale = True

    def render_lines(self, crop: Region) -> list[Strip]:
        """What is painted: only now the size is known. Lines that did not change keep their costly strips."""
        self._update()
        strips = self._strips[crop.y : crop.bottom]
        strips += [Strip([])] * (crop.height - len(strips))
        return [strip.adjust_cell_length(self.size.width).crop(crop.x, crop.right) for strip in strips]


class Scrolled(Drawn):
    """`room` of `count` lines from `top` on, below `above` others; keys say by themselves what they scroll."""

    above = 1

    def __init__(self, name: str, classes: str | None = None) -> None:
        super().__init__(name, classes)
        self.top = 0
        """The first line that is shown."""
        self._dragged = False

    @property
    def count(self) -> int:
        """Lines there are."""
        raise NotImplementedError

    @property
    def room(self) -> int:
        """Lines that are shown at a time."""
        return max(1, self.size.height - self.above)

    def scroll_to_line(self, top: int) -> None:
        """Show another part of the lines."""
        self.top = max(0, min(top, self.count - self.room))
        self.draw_changes()

    def scroll_bar(self, height: int) -> list[Segment]:
        """The cells at the right."""
        return [Segment(" ", style) for style in theme.scroll_bar(height, self.top, self.count)]

    def on_bar(self, column: int) -> bool:
        """Whether a column is that of the scroll bar."""
        return column == self.size.width - 1

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll."""
        self.scroll_to_line(self.top + _WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll back."""
        self.scroll_to_line(self.top - _WHEEL)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the scroll bar."""
        if self.on_bar(event.x) and event.y >= self.above:
            self._dragged = True
            self.capture_mouse()
            self._drag_to(event.y)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the scroll bar."""
        if self._dragged:
            self._drag_to(event.y)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let the scroll bar go."""
        if self._dragged:
            self._dragged = False
            self.release_mouse()

    def _drag_to(self, y: int) -> None:
        share = max(0, min(y - self.above, self.room - 1)) / max(1, self.room - 1)
        self.scroll_to_line(round(share * (self.count - self.room)))
