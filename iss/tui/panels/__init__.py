"""The panels, one file each: TITLE, and `render(state, width, height)`, a pure function to lines of that size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from iss.tui.panels import (
    calls,
    code,
    console,
    counters,
    csrs,
    energy,
    extension,
    memory,
    neurons,
    points,
    queues,
    raster,
    registers,
    stack,
    timeline,
    trace,
    weights,
)
from iss.tui.state import State
from iss.tui.text import Line


@dataclass(frozen=True)
class Panel:
    """A panel: its name, what stands above it, and what draws it."""

    name: str
    title: Callable[[State], str]
    render: Callable[[State, int, int], list[Line]]


PANELS: Final = {
    name: Panel(name, module.title, module.render)
    for name, module in {
        "code": code,
        "registers": registers,
        "csrs": csrs,
        "extension": extension,
        "stack": stack,
        "calls": calls,
        "trace": trace,
        "memory": memory,
        "points": points,
        "neurons": neurons,
        "raster": raster,
        "weights": weights,
        "queues": queues,
        "energy": energy,
        "counters": counters,
        "console": console,
        "timeline": timeline,
    }.items()
}
"""All panels by name, in the order of the Tab key."""
