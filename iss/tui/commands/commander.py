"""Carries out command lines: the prompt, the application's command line and scripts use it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from difflib import get_close_matches
from typing import Final

from iss.debug.debugger import Stop, StopKind
from iss.tui import theme
from iss.tui.commands import look, motions, points, spiking, tracing
from iss.tui.commands.command import Answer, Command, CommandError
from iss.tui.panels import PANELS
from iss.tui.state import State
from iss.tui.text import Line, Row

_GROUPS: Final = (
    ("moving", motions.COMMANDS),
    ("stopping", points.COMMANDS),
    ("tracing", tracing.COMMANDS),
    ("looking and changing", look.COMMANDS),
    ("spiking", spiking.COMMANDS),
)
_HEIGHTS: Final = {
    "code": 9,
    "registers": 11,
    "trace": 6,
    "memory": 8,
    "stack": 8,
    "neurons": 8,
    "raster": 16,
    "weights": 12,
}
"""Lines of a panel that is printed alone, where it does not say itself how many it needs."""
_TALLEST: Final = 200


class Commander:
    """Commands on a State. `width` and `height` are those of whole screens; `quit`: the user wants to leave."""

    def __init__(self, state: State, width: int, height: int) -> None:
        self.state, self.width, self.height = state, width, height
        self.context: tuple[str, ...] = ("code",)
        self.quit = False
        self.on_screen: Callable[[], Container[str]] = tuple
        """Panels that are drawn again after each command."""
        self.mover: Callable[[Callable[[], Stop]], Answer] = self._move_here
        self._repeat = ""

    def execute(self, line: str) -> Answer:
        """Carry out a command line; an empty one repeats the last motion. NeuroHartError if it cannot be done."""
        line = line.strip() or self._repeat
        if not line or line.startswith("#"):
            return []
        name, _, rest = line.partition(" ")
        if name.startswith("/"):
            name, rest = "search", line[1:]
        elif "/" in name:  # x/4w, print/x
            name, _, form = name.partition("/")
            rest = f"/{form} {rest}"
        command = find(name)
        self._repeat = line if command.repeats else ""
        return command.run(self, rest.strip())

    def completions(self, line: str) -> list[str]:
        """What the last word of a line may be: a command, or a panel, bookmark or symbol behind one."""
        blank = " " in line.lstrip()
        word = line.rpartition(" ")[2]
        names: Iterable[str] = [command.name for command in COMMANDS.values()]
        if blank:
            names = [*PANELS, *self.state.bookmarks, *self.state.program.symbols]
        return sorted({name for name in names if name.startswith(word)}) if word or not blank else []

    def move(self, motion: Callable[[], Stop]) -> Answer:
        """Carry out a motion, here or where the application wants it."""
        return self.mover(motion)

    def _move_here(self, motion: Callable[[], Stop]) -> Answer:
        stop = self.state.move(motion)
        return [stopped(stop), *(row for name in self.context for row in self.panel(name, 0))]

    def changed(self, name: str, height: int = 0) -> Answer:
        """A panel that looks different now; nothing where it is on the screen anyway."""
        return [] if name in self.on_screen() else self.panel(name, height)

    def panel(self, name: str, height: int) -> Answer:
        """A panel as rows; height 0: as many lines as are usual for it."""
        wanted = height or _HEIGHTS.get(name, 0)
        lines = PANELS[name].render(self.state, self.width, wanted or _TALLEST)
        while lines and not "".join(segment.text for segment in lines[-1]).strip():
            lines.pop()
        return self.lines(lines)

    @staticmethod
    def lines(lines: list[Line]) -> Answer:
        """Finished lines as rows."""
        rows = []
        for line in lines:
            row = Row()
            row.segments = line
            rows.append(row)
        return rows


def stopped(stop: Stop) -> Row:
    """What is said when a motion has ended."""
    style = theme.GOOD if stop.kind is StopKind.POINT else theme.TRAP if stop.kind is StopKind.ENDED else theme.TITLE
    text = stop.text
    code = None if stop.outcome is None else stop.outcome.exit_code
    if code is not None and not text.endswith(f"code {code}"):
        text += f", exit code {code}"
    return Row(text, style)


def _help(commander: Commander, text: str) -> Answer:
    if text:
        command = find(text.split(maxsplit=1)[0])
        short = f"  (also {', '.join(command.names[1:])})" if len(command.names) > 1 else ""
        return [Row(f"{command.name} {command.usage}".strip(), theme.LABEL).add(short, theme.DIM), Row(command.help)]
    rows = []
    for title, commands in GROUPS:
        rows.append(Row(title, theme.TITLE))
        for command in commands:
            row = Row("  ").add(", ".join(command.names[:2]), theme.LABEL).add(f" {command.usage}").to(44)
            rows.append(row.add(command.help, theme.DIM))
    rows.append(Row("An empty line repeats the last motion; # begins a comment.", theme.DIM))
    return rows


def _quit(commander: Commander, text: str) -> Answer:
    commander.quit = True
    return []


_OTHERS: Final = (
    Command(("help", "h", "?"), "[COMMAND]", "Say what the commands do.", _help),
    Command(("quit", "q", "exit"), "", "Leave the debugger.", _quit),
)
GROUPS: Final = (*_GROUPS, ("leaving", _OTHERS))
COMMANDS: Final = {name: command for _, commands in GROUPS for command in commands for name in command.names}


def find(name: str) -> Command:
    """The command of a name, a short form or a beginning that no other shares. CommandError if there is none."""
    if name in COMMANDS:
        return COMMANDS[name]
    full = {command.name: command for command in COMMANDS.values()}
    matching = [full[other] for other in full if other.startswith(name)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise CommandError(f"{name!r} may be {', '.join(command.name for command in matching)}; write more of it")
    near = get_close_matches(name, full, 1)
    cure = f"did you mean {near[0]!r}?" if near else "`help` lists the commands"
    raise CommandError(f"unknown command {name!r}; {cure}")
