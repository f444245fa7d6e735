"""An energy report as tables: by layer, by class of instruction, by symbol. Columns in which all is 0 are left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from coprocessor.energy import COUNTER_HEADS, picojoules
from iss.cli.energy import Part, Report
from iss.cli.tables import show_tables, table

if TYPE_CHECKING:
    from rich.table import Table

Value = Callable[[Part], int]
MOST_SYMBOLS = 24
"""Rows of a table by symbol; the rest is put together in one."""


def show(report: Report, stream: TextIO) -> None:
    """Print the tables of a report: ruled on a terminal, else aligned text."""
    tables = []
    if any(part.descriptor is not None for part in report.layers):
        tables.append(_table(report, "layer", "operations", report.layers))
    if report.classes is not None:
        tables.append(_table(report, "class", "instructions", report.classes))
    if report.symbols is not None:
        tables.append(_table(report, "symbol", "instructions", _shortened(report.symbols)))
    show_tables(tables, stream)


def _shortened(parts: list[Part]) -> list[Part]:
    """Put the cheapest symbols together in one row."""
    last = next((k for k, part in enumerate(parts) if part.name.startswith("(")), len(parts))
    if last <= MOST_SYMBOLS:
        return parts
    rest = parts[MOST_SYMBOLS - 1 : last]
    return [*parts[: MOST_SYMBOLS - 1], _together(f"({len(rest)} others)", rest), *parts[last:]]


def _together(name: str, parts: list[Part]) -> Part:
    """Add rows up."""
    together = Part(name, fj=sum(part.fj for part in parts))
    for part in parts:
        together.add(part.count, part.cycles, part.accesses)
        together.add_events(part.events)
    return together


def _counter(name: str) -> Value:
    return lambda part: part.events.get(name, 0)


def _table(report: Report, what: str, count: str, parts: list[Part]) -> Table:
    """Lay out the parts and their sum."""
    total = _together("total", parts)
    columns: dict[str, Value] = {
        count: lambda part: part.count,
        "cycles": lambda part: part.cycles,
        "loads, stores": lambda part: part.accesses,
    }
    columns |= {head: _counter(name) for name, head in COUNTER_HEADS.items()}
    columns = {head: value for head, value in columns.items() if value(total)}
    made = table(f"energy by {what}", *columns, "pJ", "share")
    for part in (*parts, total):
        figures = [f"{value(part):,}" if value(part) else "" for value in columns.values()]
        share = f"{100 * part.fj / report.total_fj:.1f} %" if report.total_fj else ""
        made.add_row(f"{part.name} {part.operation}".rstrip(), *figures, picojoules(part.fj), share)
    return made
