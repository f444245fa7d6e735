"""Compares simulators on all benchmark programs: CPU time, medians of interleaved runs, every output checked."""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.bench import page
from tools.bench.builds import QUICK, Benchmark, benchmarks
from tools.bench.peers import HOST, QEMU, SPIKE, Peer, measure, neurohart, run

RATIO_TO = ("qemu", "spike")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m tools.bench simulator`."""
    parser.add_argument("program", nargs="*", help="benchmarks to run (default: all)")
    parser.add_argument(
        "--engine", action="append", help="engine of ours to measure, repeatable (default: interpreter)"
    )
    parser.add_argument("--no-spike", action="store_true", help="leave out Spike, which takes most of the time")
    parser.add_argument("--host", action="store_true", help="show the same programs compiled for this computer too")
    parser.add_argument("--repeat", type=int, default=3, help="interleaved runs of each pair (default: 3)")
    parser.add_argument(
        "--work", type=float, default=1.0, metavar="FACTOR", help="multiple of 3e8 instructions a program"
    )
    parser.add_argument("--quick", action="store_true", help="a hundredth of the work, one run: shows that all works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    parser.add_argument("--page", action="store_true", help="put the table into docs/performance.md")


def collect(peers: list[Peer], programs: list[Benchmark], repeat: int, console: Console) -> dict[str, dict[str, float]]:
    """Median CPU seconds by program and peer; peers take turns, so that a disturbance meets all of them."""
    figures: dict[str, dict[str, float]] = {}
    for number, program in enumerate(programs, 1):
        expected = run(HOST.command(program)).output
        times: dict[str, list[float]] = {peer.name: [] for peer in peers}
        with console.status(f"{program.name} ({number} of {len(programs)})"):
            for _ in range(repeat):
                for peer in peers:
                    times[peer.name].append(measure(peer, program, expected).cpu)
        figures[program.name] = {name: statistics.median(values) for name, values in times.items()}
    return figures


def ratios(figures: dict[str, dict[str, float]], ours: str, other: str) -> dict[str, float]:
    """How many times as fast as `other` we are, by program."""
    return {name: row[other] / row[ours] for name, row in figures.items()}


def geometric_mean(values: dict[str, float]) -> float:
    """The mean of ratios."""
    return statistics.geometric_mean(values.values())


def table_of(figures: dict[str, dict[str, float]], peers: list[Peer], engines: list[str]) -> Table:
    """Seconds of every peer, then our speed as a multiple of the others."""
    table = Table(title="CPU seconds (medians); x = times as fast as", title_justify="left")
    table.add_column("program")
    for peer in peers:
        table.add_column(peer.name, justify="right")
    names = {peer.name for peer in peers}
    pairs = [(engine, other) for engine in engines for other in RATIO_TO if other in names]
    for engine, other in pairs:
        table.add_column(f"{engine} x {other}", justify="right", style="bold")
    by_pair = {pair: ratios(figures, f"neurohart {pair[0]}", pair[1]) for pair in pairs}
    for name, row in figures.items():
        seconds = [f"{row[peer.name]:.3f}" for peer in peers]
        table.add_row(name, *seconds, *(f"{by_pair[pair][name]:.2f}" for pair in pairs))
    if pairs:
        table.add_section()
        blanks = [""] * len(peers)
        table.add_row("geometric mean", *blanks, *(f"{geometric_mean(by_pair[pair]):.2f}" for pair in pairs))
        table.add_row("minimum", *blanks, *(f"{min(by_pair[pair].values()):.2f}" for pair in pairs))
    return table


def main(arguments: argparse.Namespace) -> int:
    """Measure and print; raises ToolMissing, WrongResult, ValueError."""
    console = Console()
    engines = arguments.engine or ["interpreter"]
    peers = [neurohart(engine) for engine in engines] + [QEMU]
    if not arguments.no_spike:
        peers.append(SPIKE)
    if arguments.host:
        peers.append(HOST)
    if arguments.repeat < 1:
        raise ValueError(f"--repeat {arguments.repeat} is impossible; give at least 1")
    repeat = 1 if arguments.quick else arguments.repeat
    work = QUICK if arguments.quick else arguments.work
    programs = benchmarks(arguments.program, work)
    figures = collect(peers, programs, repeat, console)
    table = table_of(figures, peers, engines)
    console.print(table)
    if arguments.page:
        page.put("simulator", [table])
    if arguments.json:
        means = {
            f"{engine} x {other}": geometric_mean(ratios(figures, f"neurohart {engine}", other))
            for engine in engines
            for other in RATIO_TO
            if other in next(iter(figures.values()))
        }
        document = {"work": work, "repeat": repeat, "cpu_seconds": figures, "geometric_means": means}
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")
    return 0
