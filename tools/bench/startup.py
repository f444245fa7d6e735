"""Times whole processes that do almost nothing: the start-up of each simulator, and its memory."""

from __future__ import annotations

import argparse
import statistics
import sys

from rich.console import Console
from rich.table import Table

from tools.bench import page
from tools.bench.builds import Benchmark
from tools.bench.peers import HOST, QEMU, SPIKE, measure, neurohart, run

HELLO = Benchmark("hello", 1)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m tools.bench startup`."""
    parser.add_argument(
        "--engine", action="append", help="engine of ours to measure, repeatable (default: interpreter)"
    )
    parser.add_argument("--repeat", type=int, default=15, help="runs of each (default: 15)")
    parser.add_argument("--page", action="store_true", help="put the table into docs/performance.md")


def main(arguments: argparse.Namespace) -> int:
    """Measure and print; raises ToolMissing, WrongResult, ValueError."""
    if arguments.repeat < 1:
        raise ValueError(f"--repeat {arguments.repeat} is impossible; give at least 1")
    peers = [*(neurohart(engine) for engine in arguments.engine or ["interpreter"]), QEMU, SPIKE]
    expected = run(HOST.command(HELLO)).output
    timings = {peer.name: [measure(peer, HELLO, expected)] for peer in peers}
    bare = [run([sys.executable, "-c", "pass"])]
    for _ in range(arguments.repeat - 1):
        for peer in peers:
            timings[peer.name].append(measure(peer, HELLO, expected))
        bare.append(run([sys.executable, "-c", "pass"]))
    timings["python -c pass"] = bare
    table = Table(title=f"Whole process, {arguments.repeat} runs", title_justify="left")
    for column in ("", "median ms", "minimum ms", "CPU ms", "peak MB"):
        table.add_column(column, justify="right" if column else "left")
    for name, runs in timings.items():
        walls = [timing.wall for timing in runs]
        cpu = statistics.median(timing.cpu for timing in runs)
        peak = max(timing.peak_bytes for timing in runs) / 1e6
        figures = [1e3 * statistics.median(walls), 1e3 * min(walls), 1e3 * cpu, peak]
        table.add_row(name, *(f"{figure:.1f}" for figure in figures))
    Console().print(table)
    if arguments.page:
        page.put("startup", [table])
    return 0
