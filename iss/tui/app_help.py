"""The help, and the window for answers of many lines. (A screen of its own would cost a second picture of all.)"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rich.segment import Segment
from textual import events

from iss.tui import theme
from iss.tui.app_drawn import Scrolled
from iss.tui.commands.command import Answer
from iss.tui.text import Line, Row, fit

_CLOSING: Final = ("escape", "q", "enter", "question_mark", "space")

_KEYS: Final = (
    ("s n f c", "step and next source line, finish, continue; S N F R the same backwards in time"),
    ("i o I O", "step and next instruction, and back"),
    ("space Ctrl-C", "pause what runs, go on if nothing does;  + - speed dial"),
    ("b F9", "breakpoint where you look (or click into the margin of the code);  w watch  d delete"),
    ("t m", "go to a moment, bookmark it (or click into the timeline or on a line of the trace)"),
    ("/ \\ p x L", "search for an instruction, search backwards, print, memory, list;  : any command, as below"),
    ("T", "let this pane stay at the present moment while the others move on, or follow again"),
    (
        "trace",
        "h l choose a register or memory, Enter goes to what wrote it last (else to this moment), Backspace back",
    ),
    ("Tab z", "next pane, the pane alone;  j k g G Ctrl-D Ctrl-U and arrows move in it;  Esc looks at the pc again"),
    (
        "h j k l Enter",
        "in neurons: choose one, say why it fired;  P another population;  in weights: choose;  W another",
    ),
    ("u L", "decimal registers;  list another place of the code"),
    ("F5 F10 F11", "continue, next, step;  with shift: continue and next backwards, finish;  F12 step back"),
)


def keys() -> Answer:
    """The keys of the application, a row each."""
    rows = [Row("keys", theme.TITLE)]
    return rows + [Row("  ").add(key, theme.LABEL).to(18).add(meaning, theme.DIM) for key, meaning in _KEYS]


class AnswerView(Scrolled, can_focus=True):
    """Above the panes, hidden until there is an answer: lines that can be scrolled. Any other key closes it."""

    def __init__(self, close: Callable[[], None]) -> None:
        super().__init__("answer")
        self._rows: Answer = []
        self._close = close
        self.display = False

    def show(self, answer: Answer) -> None:
        """Show an answer from its beginning."""
        self._rows, self.top = answer, 0
        self.display = True
        self.draw_changes()

    @property
    def count(self) -> int:
        """Lines of the answer."""
        return len(self._rows)

    @property
    def room(self) -> int:
        """Lines between the upper and the lower edge."""
        return max(1, super().room - 1)

    def lines(self, width: int, height: int) -> list[Line]:
        """The answer within its frame; lines are cut with a sign where the window is too narrow."""
        inside, room = max(0, width - 2), max(0, height - 2)
        shown = [fit(row.segments, inside) for row in self._rows[self.top : self.top + room]]
        shown += [fit([], inside)] * (room - len(shown))
        edge = Segment("│", theme.ANSWER_EDGE)
        lines = [
            [edge, *line, cell if cell.style else edge] for line, cell in zip(shown, self.scroll_bar(room), strict=True)
        ]
        across = "─" * inside
        lines = [[Segment(f"╭{across}╮", theme.ANSWER_EDGE)], *lines, [Segment(f"╰{across}╯", theme.ANSWER_EDGE)]]
        return [list(Segment.apply_style(fit(line, width), theme.ANSWER)) for line in lines[:height]]

    def on_key(self, event: events.Key) -> None:
        """Scroll or close; a key that does neither closes, too, and is then for the application."""
        lines = {"j": 1, "down": 1, "k": -1, "up": -1, "ctrl+d": self.room // 2, "ctrl+u": -(self.room // 2)}
        lines |= {"pagedown": self.room, "pageup": -self.room, "g": -self.count, "home": -self.count}
        lines |= {"G": self.count, "end": self.count}
        if event.key in lines:
            self.scroll_to_line(self.top + lines[event.key])
        else:
            self._close()
        if event.key in lines or event.key in _CLOSING:
            event.stop()
            event.prevent_default()
