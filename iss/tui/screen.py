"""Panels with their titles, and whole screens of them: for the terminal, for pictures, for `run --live`."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment

from iss.debug.debugger import StopKind
from iss.debug.figures import energy_text, short
from iss.errors import NeuroHartError
from iss.tui import theme
from iss.tui.layout import Place, layout
from iss.tui.panels import PANELS
from iss.tui.state import State
from iss.tui.text import Line, Row, fit, page, plain

KEYS: Final = (
    ("s", "step"), ("n", "next"), ("f", "finish"), ("c", "continue"), ("S N F R", "the same backwards"), ("b", "break"),
    ("w", "watch"), ("/", "search"), ("t", "goto"), (":", "command"), ("Tab", "pane"), ("z", "zoom"), ("?", "help"),
    ("q", "quit"),
)  # fmt: skip


class Lines:
    """Lines as something rich can print."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self.lines:
            yield from line
            yield Segment.line()


def framed(
    name: str,
    state: State,
    width: int,
    height: int,
    *,
    bar: bool,
    focus: bool = False,
    content: Callable[[int, int], list[Line]] | None = None,
) -> list[Line]:
    """A panel below its title, with a bar at its left if `bar`; exactly `width` by `height` cells.

    `content` makes the lines of a given size, in place of the panel.
    """
    left = int(bar)
    inside = (lambda *size: rendered(name, state, *size)) if content is None else content
    edge = Segment("│", theme.FOCUS if focus else theme.BORDER)
    label = Row("─", theme.BORDER).add(f" {titled(name, state)} ", theme.FOCUS if focus else theme.TITLE)
    label.add("─" * max(0, width - left - label.length), theme.BORDER)
    corner = [Segment("┬", theme.BORDER)] if bar else []
    lines = [[*corner, *fit(label.segments, width - left)]]
    lines += [[*([edge] if bar else []), *line] for line in inside(width - left, max(0, height - 1))]
    return lines[:height]


def titled(name: str, state: State) -> str:
    """A panel's title; that of a locked one says so."""
    try:
        return _titled(name, state)
    except NeuroHartError:  # a damaged trace: the panel says it
        return name


def _titled(name: str, state: State) -> str:
    lock = state.locks.get(name)
    if lock is None:
        return PANELS[name].title(state)
    return f"{state.at(lock, f'title {name}', lambda: PANELS[name].title(state), name)} · locked at {lock.moment:,}"


def rendered(name: str, state: State, width: int, height: int) -> list[Line]:
    """The lines of a panel: of the present moment, or of that to which it is locked; or why there are none."""
    try:
        return _rendered(name, state, width, height)
    except NeuroHartError as error:
        return page([Row(str(error), theme.ERROR)], width, height)


def _rendered(name: str, state: State, width: int, height: int) -> list[Line]:
    lock, panel = state.locks.get(name), PANELS[name]
    if lock is None:
        return panel.render(state, width, height)
    blank = page([Row("locked", theme.DIM)], width, height)
    return state.at(lock, f"{name} {width} {height}", lambda: panel.render(state, width, height), blank)


def compose(state: State, width: int, height: int) -> list[Line]:
    """The whole screen: header, panels, keys."""
    places = layout(width, height - 2, *state.shows)
    return [header(state, width), *joined(state, places, width, height - 2), footer(width)]


def joined(state: State, places: list[Place], width: int, height: int) -> list[Line]:
    """The panels at their places."""
    pieces: list[list[tuple[int, Line]]] = [[] for _ in range(height)]
    for place in places:
        for offset, line in enumerate(framed(place.name, state, place.width, place.height, bar=place.x > 0)):
            pieces[place.y + offset].append((place.x, line))
    joint = []
    for row in pieces:
        segments = [segment for _, line in sorted(row, key=lambda piece: piece[0]) for segment in line]
        joint.append(fit(segments, width))
    return joint


def status(state: State) -> str:
    """RUNNING, PAUSED with its reason, ENDED."""
    if state.running:
        return "RUNNING"
    if state.stop is None:
        return "PAUSED at the entry"
    return f"ENDED {state.stop.text}" if state.stop.kind is StopKind.ENDED else f"PAUSED {state.stop.text}"


def header(state: State, width: int) -> Line:
    """The line at the top."""
    hart = state.machine.hart
    row = Row(" neurohart ", theme.HEADER_STRONG).add(f"· {state.title} · ", theme.HEADER)
    row.add(status(state), theme.HEADER_STRONG)
    parts = [f"insn {hart.retired:,}", f"cycle {hart.cycles:,}", energy_text(state.energy)]
    parts.append(f"speed {short(state.speed)}/s" if state.speed is not None else "full speed")
    parts.append(f"history {short(state.debugger.history.latest)}")
    if state.departure:
        row.add(f" · {state.departure}", theme.HEADER_STRONG)
    for part in parts:
        row.add(f" · {part}", theme.HEADER)
    return fit(row.segments, width, theme.HEADER)


def footer(width: int) -> Line:
    """The line of keys at the bottom; keys there is no room for are left out as a whole."""
    row = Row()
    for key, meaning in KEYS:
        text = f" {key} {meaning} "
        if row.length + len(text) <= width:
            row.add(f" {key} ", theme.KEY).add(f"{meaning} ", theme.HEADER)
    return fit(row.segments, width, theme.HEADER)


def as_text(lines: list[Line]) -> str:
    """The characters alone."""
    return plain(lines)


def as_svg(lines: list[Line], title: str) -> str:
    """A picture of a terminal that shows the lines; it loads nothing from the network."""
    width = max((sum(segment.cell_length for segment in line) for line in lines), default=1)
    console = Console(record=True, file=io.StringIO(), width=width, force_terminal=True, color_system="truecolor")
    console.print(Lines(lines), end="")
    return console.export_svg(title=title, code_format=_without_fonts())


def _without_fonts() -> str:
    """Rich's frame for pictures without the fonts that it loads from the network."""
    import re

    from rich._export_format import CONSOLE_SVG_FORMAT

    return re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
