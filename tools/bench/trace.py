"""Compares commit logs: how fast ours and Spike's are written, and that they are equal to the byte."""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from iss.memory.map import MemoryMap
from tests.oracles.commit_log import cut_after_exit, first_difference
from tools.bench import page
from tools.bench.builds import Benchmark, benchmarks
from tools.bench.errors import WrongResult
from tools.bench.peers import SPIKE, Peer, neurohart, run

PROGRAMS = ("crc32", "quicksort", "sha256", "records")
WORK = 0.005
"""About 1.5e6 instructions: Spike logs some 2e6 a second."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m tools.bench trace`."""
    parser.add_argument("program", nargs="*", help=f"benchmarks to run (default: {' '.join(PROGRAMS)})")
    parser.add_argument("--engine", default="interpreter", help="engine of ours (default: interpreter)")
    parser.add_argument("--repeat", type=int, default=3, help="interleaved runs of both (default: 3)")
    parser.add_argument("--page", action="store_true", help="put the table into docs/performance.md")
    parser.add_argument("--work", type=float, default=WORK, metavar="FACTOR", help="multiple of 3e8 instructions")


def _with_options(peer: Peer, benchmark: Benchmark, options: list[str]) -> list[str]:
    """The command of a peer with more options before the program."""
    *command, program = peer.command(benchmark)
    return [*command, *options, program]


def _comparable(log: str, elf: Path) -> str:
    """From the first instruction of the program (Spike runs a boot ROM) to its first word to the host."""
    return cut_after_exit(log[max(0, log.find(f"core   0: 3 {MemoryMap().ram.base:#010x} ")) :], elf)


def main(arguments: argparse.Namespace) -> int:
    """Measure, compare and print; raises ToolMissing, WrongResult, ValueError."""
    if arguments.repeat < 1:
        raise ValueError(f"--repeat {arguments.repeat} is impossible; give at least 1")
    table = Table(title="CPU seconds with a commit log (medians)", title_justify="left")
    for column in ("program", "lines", "neurohart", "spike", "times as fast"):
        table.add_column(column, justify="left" if column == "program" else "right")
    ours = neurohart(arguments.engine)
    for benchmark in benchmarks(list(arguments.program or PROGRAMS), arguments.work):
        with tempfile.TemporaryDirectory(prefix="trace-") as directory:
            files = {"neurohart": Path(directory, "ours"), "spike": Path(directory, "spike")}
            commands = {
                "neurohart": _with_options(ours, benchmark, ["--trace", str(files["neurohart"])]),
                "spike": _with_options(SPIKE, benchmark, ["--log-commits", f"--log={files['spike']}"]),
            }
            times: dict[str, list[float]] = {name: [] for name in commands}
            for _ in range(arguments.repeat):
                for name, command in commands.items():
                    times[name].append(run(command).cpu)
            logs = {name: _comparable(path.read_text(), benchmark.for_machine()) for name, path in files.items()}
        difference = first_difference(logs["spike"], logs["neurohart"])
        if difference is not None:
            raise WrongResult(f"{benchmark.name}: {difference}")
        medians = {name: statistics.median(values) for name, values in times.items()}
        ratio = medians["spike"] / medians["neurohart"]
        lines = logs["spike"].count("\n")
        figures = [f"{medians['neurohart']:.3f}", f"{medians['spike']:.3f}", f"{ratio:.2f}"]
        table.add_row(benchmark.name, f"{lines:,}", *figures)
    Console().print(table)
    if arguments.page:
        page.put("trace", [table])
    return 0
