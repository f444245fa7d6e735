"""Runs spiking workloads on the coprocessor and on other simulators of spiking networks, in turns, and compares.

Each contender has a process of its own on one processor. Before anything counts, ours is compared with the golden
model, and what both sides computed (rates, weights) with each other.
"""

from __future__ import annotations

import argparse
import json
import statistics
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tools.bench import page
from tools.bench.coprocessor.process import Process
from tools.bench.coprocessor.suites import SUITES, Row, Side, Suite
from tools.bench.errors import WrongResult


@dataclass
class Measured:
    """A contender's figures: seconds per unit of every turn, what it computed, peak memory in bytes."""

    seconds: list[float] = field(default_factory=list)
    facts: dict[str, float] = field(default_factory=dict)
    memory: int = 0

    @property
    def median(self) -> float:
        """Seconds per unit."""
        return statistics.median(self.seconds)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m tools.bench coprocessor`."""
    parser.add_argument("workload", nargs="*", help=f"what to run: {', '.join(SUITES)}; w1 also means w1-batch, ...")
    parser.add_argument("--repeat", type=int, default=5, help="turns of each contender (default: 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to a file")
    parser.add_argument("--page", action="store_true", help="put the tables into docs/performance.md")
    parser.add_argument("--quick", action="store_true", help="small sizes, one turn: does everything still run?")


def main(arguments: argparse.Namespace) -> int:
    """Measure and print; raises WrongResult, ValueError."""
    if arguments.repeat < 1:
        raise ValueError(f"--repeat {arguments.repeat} is impossible; give at least 1")
    console = Console()
    table = Table(title="Seconds per unit, medians of turns", title_justify="left")
    for column in ("workload", "ours", "other", "ratio", "must reach", "met"):
        table.add_column(column, justify="right" if column in ("ratio", "must reach") else "left")
    facts = Table(title="What was computed", title_justify="left")
    for column in ("workload", "contender", "figures"):
        facts.add_column(column)
    report: dict[str, Any] = {"machine": page.machine(), "suites": {}}
    for name in chosen(arguments.workload):
        suite = SUITES[name]
        console.print(f"{name}: {suite.title}")
        figures = measure(suite, 1 if arguments.quick else arguments.repeat, arguments.quick, console)
        show(name, suite, figures, table, facts, judge=not arguments.quick)
        report["suites"][name] = {label(side): vars(measured) for side, measured in figures.items()}
    console.print(table, facts)
    if arguments.page:
        page.put("coprocessor", [table, facts])
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


def chosen(words: list[str]) -> list[str]:
    """Names of suites; a word stands for all suites that begin with it."""
    for word in words:
        if not any(name == word or name.startswith(f"{word}-") for name in SUITES):
            raise ValueError(f"there is no workload {word!r}; there are {', '.join(SUITES)}")
    return [name for name in SUITES if not words or any(name == w or name.startswith(f"{w}-") for w in words)]


def measure(suite: Suite, repeat: int, quick: bool, console: Console) -> dict[Side, Measured]:
    """All contenders of a suite that are installed, in turns."""
    sizes = {**suite.sizes, **(suite.quick if quick else {})}
    sides = list(dict.fromkeys(side for row in suite.rows for side in (row.ours, row.other)))
    figures: dict[Side, Measured] = {}
    with ExitStack() as stack:
        processes = {}
        for side in sides:
            if side.package is not None and _version(side.package) is None:
                console.print(f"{side.label} is not installed and left out; run: pip install {side.package}")
                continue
            console.print(f"  {label(side)}", style="dim")
            processes[side] = stack.enter_context(Process(side, suite.workload, sizes))
            figures[side] = Measured(memory=processes[side].ask("memory"))
            processes[side].ask("verify")
        for _ in range(repeat):
            for side, process in processes.items():
                figures[side].seconds.append(process.ask("measure"))
        for side, process in processes.items():
            figures[side].facts = process.ask("facts")
    return figures


def show(
    name: str, suite: Suite, figures: dict[Side, Measured], table: Table, facts: Table, judge: bool = True
) -> bool:
    """Add the rows of a suite; gives whether everything was reached. WrongResult if two sides computed two things."""
    everything = True

    def word(met: bool) -> str:
        nonlocal everything
        everything &= met
        return "met" if met else "not met"

    for row in suite.rows:
        if row.ours not in figures or row.other not in figures:
            continue
        compare(suite, row, figures)
        texts = [f"{label(side)}: {_time(figures[side].median)}/{suite.unit}" for side in (row.ours, row.other)]
        ratio = figures[row.other].median / figures[row.ours].median
        judged = () if row.must_reach is None else (f"{row.must_reach:g}", word(ratio >= row.must_reach))
        table.add_row(name, *texts, f"{ratio:.2f}", *(judged if judge else ()))
    for side, measured in figures.items():
        facts.add_row(name, label(side), ", ".join(f"{key} {value:.4g}" for key, value in measured.facts.items()))
    if suite.memory_limit is not None:
        side = suite.rows[0].ours
        used = figures[side].memory
        judged = (f"{suite.memory_limit / 1e6:.0f} MB", word(used <= suite.memory_limit)) if judge else ()
        table.add_row(name, f"{label(side)}: {used / 1e6:.0f} MB", "peak memory", "", *judged)
    return everything


def compare(suite: Suite, row: Row, figures: dict[Side, Measured]) -> None:
    """WrongResult if what both sides computed is further apart than the suite allows."""
    ours, other = figures[row.ours].facts, figures[row.other].facts
    for name in ours.keys() & other.keys():
        if abs(ours[name] - other[name]) > suite.tolerance * max(abs(ours[name]), abs(other[name])):
            raise WrongResult(
                f"{suite.title}: {label(row.ours)} has {name} {ours[name]:.4g}, {label(row.other)} {other[name]:.4g}, "
                f"more than {suite.tolerance:.0%} apart; they do not compute the same"
            )


def _time(seconds: float) -> str:
    """A time with three digits."""
    scale, unit = next(((s, u) for s, u in ((1, "s"), (1e-3, "ms"), (1e-6, "us")) if seconds >= s), (1e-9, "ns"))
    return f"{seconds / scale:.3g} {unit}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def label(side: Side) -> str:
    """The name of a contender, with the version of its library."""
    return side.label if side.package is None else f"{side.label} {_version(side.package)}"
