"""The last instructions before the present moment, or around the cursor: what each wrote, its cycles and energy."""

from __future__ import annotations

from iss.trace.block import TraceError
from iss.tui import theme
from iss.tui.state import State
from iss.tui.text import Line, Row, page


def title(state: State) -> str:
    """What stands above the pane: place, filter, how far a search for it has come."""
    tracing = state.tracing
    end = state.log_now if tracing.cursor is None else tracing.cursor
    text = f"trace {end:,}/{tracing.log.count:,}"
    if tracing.filter is not None and tracing.matches is not None:
        text += f" · {tracing.filter.text} · {len(tracing.matches):,}" + ("" if tracing.matches.complete else "…")
    return text + (" · cursor" if tracing.cursor is not None else "")


def render(state: State, width: int, height: int) -> list[Line]:
    """One instruction a line, the latest one or that of the cursor at the bottom."""
    if state.running:
        return page([Row("running", theme.DIM)], width, height)
    tracing = state.tracing
    if tracing.matches is not None:
        tracing.matches.look(state.patience)
    last = tracing.place(state.log_now) if tracing.cursor is None else tracing.place(tracing.cursor + 1)
    return page(rows(state, last - height, last) or [Row(_nothing(state), theme.DIM)], width, height)


def rows(state: State, begin: int, end: int) -> list[Row]:
    """The lines of these places; of a damaged trace one that says so."""
    try:
        tracing, now = state.tracing, state.log_now
        return [tracing.row(index, entry, now, state.preset) for index, entry in tracing.entries(begin, end)]
    except TraceError as error:
        return [Row(str(error), theme.ERROR)]


def _nothing(state: State) -> str:
    filtered = state.tracing.filter
    if filtered is None:
        return "nothing yet"
    return f"nothing so far is {filtered.text}; `filter` without anything shows all again"
