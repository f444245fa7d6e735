"""Folded stacks: `main;layer;kernel 1234`, the cycles (or instructions) of each stack, for flame graphs."""

from __future__ import annotations

from collections import Counter
from typing import TextIO

from iss.trace.calls import Frame, Walker
from iss.trace.reader import Trace
from iss.trace.view import View


class _Stacks:
    def __init__(self) -> None:
        self.cycles: Counter[tuple[Frame, ...]] = Counter()

    def enter(self, view: View, index: int, stack: list[Frame], caller: int | None) -> None: ...

    def leave(self, view: View, index: int, stack: list[Frame]) -> None: ...

    def replace(self, view: View, index: int, stack: list[Frame], function: int) -> None: ...

    def run(self, view: View, begin: int, end: int, stack: list[Frame]) -> None:
        self.cycles[tuple(stack)] += view.time(end) - view.time(begin)


def write(trace: Trace, out: TextIO) -> None:
    """Write the cycles of all stacks, sorted by name; sleep counts for the function that slept."""
    stacks = _Stacks()
    walker = Walker(trace, stacks)
    walker.walk()
    rows = []
    for stack, cycles in stacks.cycles.items():
        names = [("trap:" if frame.is_trap else "") + walker.functions.names[frame.function] for frame in stack]
        rows.append((";".join(name.replace(";", ":").replace(" ", "_") for name in names), cycles))
    merged: Counter[str] = Counter()
    for name, cycles in rows:
        merged[name] += cycles
    out.writelines(f"{name} {cycles}\n" for name, cycles in sorted(merged.items()) if cycles)
