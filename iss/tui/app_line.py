"""The lines of the application: the header, the keys, and the message that becomes the command line."""

from __future__ import annotations

from collections.abc import Callable

from rich.style import Style
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from iss.tui import theme
from iss.tui.text import Line, Row, fit

_CURSOR = Style(reverse=True)


class Bar(Widget):
    """A line that the application writes."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self.line: Line = []

    def show(self, line: Line) -> None:
        """Write it."""
        if line != self.line:
            self.line = line
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line, cut to the width."""
        return Strip(fit(self.line, self.size.width))


class CommandLine(Bar, can_focus=True):
    """Shows messages and, after `ask`, takes a line: with a history (up, down) and completion (Tab)."""

    def __init__(self, name: str, submit: Callable[[str], None], close: Callable[[], None]) -> None:
        super().__init__(name)
        self._submit, self._close = submit, close
        self.asking = False
        self.words: Callable[[str], list[str]] = lambda line: []
        """What the word at the end of a line may be completed to."""
        self._text, self._place = "", 0
        self._earlier: list[str] = []
        self._back = 0

    def ask(self, start: str) -> None:
        """Take a line that begins like this."""
        self.asking, self._back = True, 0
        self._set(start)

    def leave(self) -> None:
        """Take no line any more."""
        self.asking = False
        self.refresh()

    def _set(self, text: str, place: int | None = None) -> None:
        self._text, self._place = text, len(text) if place is None else max(0, min(place, len(text)))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The message, or what was typed; of a long line the part around the cursor."""
        if not self.asking:
            return super().render_line(y)
        width = max(1, self.size.width - 1)
        first = max(0, self._place + 1 - width)
        before, after = self._text[first : self._place], self._text[self._place + 1 :]
        row = Row(":" if not first else "…", theme.LABEL).add(before, theme.COMMAND)
        row.add(self._text[self._place : self._place + 1] or " ", _CURSOR).add(after, theme.COMMAND)
        return Strip(fit(row.segments, self.size.width, theme.COMMAND))

    def on_key(self, event: events.Key) -> None:
        """Edit the line; nothing goes further while it is taken."""
        if not self.asking:
            return
        event.stop()
        event.prevent_default()
        text, place = self._text, self._place
        moves = {"left": place - 1, "right": place + 1, "home": 0, "ctrl+a": 0, "end": len(text), "ctrl+e": len(text)}
        if event.key == "enter":
            self._enter()
        elif event.key == "escape":
            self._close()
        elif event.key == "backspace":
            self._set(text[: max(0, place - 1)] + text[place:], place - 1)
        elif event.key == "delete":
            self._set(text[:place] + text[place + 1 :], place)
        elif event.key in ("ctrl+u", "ctrl+w"):
            kept = "" if event.key == "ctrl+u" else text[:place].rstrip().rpartition(" ")
            head = kept if isinstance(kept, str) else kept[0] + kept[1]
            self._set(head + text[place:], len(head))
        elif event.key in ("up", "down"):
            self._recall(1 if event.key == "up" else -1)
        elif event.key == "tab":
            self._complete()
        elif event.key in moves:
            self._set(text, moves[event.key])
        elif event.character is not None and event.is_printable:
            self._set(text[:place] + event.character + text[place:], place + 1)

    def on_paste(self, event: events.Paste) -> None:
        """Take what is pasted, up to the end of its first line."""
        if self.asking:
            pasted = event.text.partition("\n")[0]
            self._set(self._text[: self._place] + pasted + self._text[self._place :], self._place + len(pasted))

    def _enter(self) -> None:
        text = self._text
        if text.strip() and self._earlier[-1:] != [text]:
            self._earlier.append(text)
        self._close()
        self._submit(text)

    def _recall(self, step: int) -> None:
        self._back = max(0, min(len(self._earlier), self._back + step))
        self._set(self._earlier[-self._back] if self._back else "")

    def _complete(self) -> None:
        head = self._text[: self._place]
        found = self.words(head)
        word = head.rpartition(" ")[2]
        if not found:
            return
        first, pairs = min(found), zip(min(found), max(found), strict=False)
        same = next((place for place, (one, other) in enumerate(pairs) if one != other), len(first))
        rest = first[len(word) : same] + (" " if len(found) == 1 else "")
        self._set(head + rest + self._text[self._place :], self._place + len(rest))
