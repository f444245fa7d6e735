"""A window in place of the panes for answers of many lines. (One above them would cost a picture of both.)"""

from __future__ import annotations

from typing import ClassVar, Final

from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.strip import Strip

from iss.tui import theme
from iss.tui.commands.command import Answer
from iss.tui.text import Row, fit

_GROUND = Style(bgcolor="#1b232d")


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


class AnswerView(ScrollView, can_focus=True):
    """Lines that can be scrolled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
    ]

    def __init__(self, answer: Answer) -> None:
        super().__init__(id="answer")
        self._rows = answer

    def on_mount(self) -> None:
        """Make room for all lines."""
        self.virtual_size = Size(self.size.width, len(self._rows))

    def render_line(self, y: int) -> Strip:
        """A line of the answer, cut with a sign where the window is too narrow."""
        index = self.scroll_offset.y + y
        line = self._rows[index].segments if index < len(self._rows) else []
        return Strip(fit(line, self.size.width)).apply_style(_GROUND)


class AnswerScreen(Screen[None]):
    """Shows an answer until a key is pressed that does not scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, "dismiss", show=False) for key in ("escape", "q", "enter", "question_mark", "space")
    ]

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer

    def compose(self) -> ComposeResult:
        """One window."""
        yield AnswerView(self._answer)
