"""Measures the debugger: recording to disk, opening a long trace, keys to painted frames, memory, and going back."""

from __future__ import annotations

import argparse
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from iss.debug.debugger import Debugger
from iss.debug.history import ReplayedConsole
from iss.machine import Machine
from iss.trace.reader import TraceFile
from tools.bench import page
from tools.bench.builds import Benchmark, benchmarks
from tools.bench.errors import WrongResult
from tools.bench.memory import peak_bytes
from tools.bench.peers import neurohart_command, run
from tools.bench.terminal import Painted, Terminal

PROGRAMS = ("crc32", "quicksort", "sha256", "records")
WIDTH, HEIGHT = 200, 55
RECORDED = 1 / 3
"""Of 3e8 instructions: 100 million are recorded and gone back through."""
OPENED = 10_000_000
KEYS: Final[tuple[tuple[str, Sequence[str], *tuple[str, ...]], ...]] = (
    ("scroll the trace", "jkjjk"),
    ("scroll half a page", "\x04\x15\x04\x15\x04"),
    ("look at another moment", "k\x1b" * 5, "return to the present one (Escape)"),
    ("another pane", ("\t", "\x1b[Z") * 5),
    ("step an instruction", "iiiii"),
    ("step back", "IIIII"),
    ("step a source line", "sssss"),
    ("set and remove a breakpoint", "bbbbb"),
    ("one pane alone", "zzzzzzzzzz", "all panes again"),
    ("open the help", "?\x1b" * 5, "close the help (Escape)"),
    ("open the command line", ":\x1b" * 5, "close it (Escape)"),
)
"""What keys are for, and the keys, each for itself; with a third part every other key is for that."""
SEARCH = "mnem=lw"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m tools.bench debugger`."""
    parser.add_argument("--quick", action="store_true", help="a hundredth of the instructions, few keys")
    parser.add_argument("--repeat", type=int, default=3, help="recordings of each program; minimum (default: 3)")
    parser.add_argument("--places", type=int, default=200, help="moments to go back from (default: 200)")
    parser.add_argument("--directory", help="where traces are recorded to (default: where temporary files go)")
    parser.add_argument("--page", action="store_true", help="put the tables into docs/performance.md")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def record(program: Benchmark, file: Path, limit: int | None = None) -> tuple[float, float]:
    """Wall and CPU seconds of a whole `neurohart trace record`."""
    options = ["-q", "--uart", "null", "-o", str(file), *(["--limit", str(limit)] if limit else [])]
    timing = run([*neurohart_command(), "trace", "record", str(program.for_machine()), *options])
    return timing.wall, timing.cpu


def recording(work: float, repeat: int, folder: Path) -> Table:
    """How fast every instruction is recorded to a file."""
    table = _table(
        "Recording every instruction",
        "program",
        "instructions",
        "seconds",
        "CPU s",
        "million/s",
        "million/CPU s",
        "bytes each",
    )
    for program in benchmarks(list(PROGRAMS), work):
        file = folder / "recorded.nht"
        runs = [record(program, file) for _ in range(repeat)]
        wall, cpu = (min(times) for times in zip(*runs, strict=True))
        count, size = TraceFile.open(file).count, file.stat().st_size
        figures = [f"{wall:.2f}", f"{cpu:.2f}", f"{count / wall / 1e6:.1f}", f"{count / cpu / 1e6:.1f}"]
        table.add_row(program.name, f"{count:,}", *figures, f"{size / count:.2f}")
        file.unlink()
    return table


def opening(file: Path) -> float:
    """Seconds to open a trace and have the last 50 instructions of it; WrongResult."""
    start = time.perf_counter()
    trace = TraceFile.open(file)
    last = list(trace.instructions(trace.count - 50))
    seconds = time.perf_counter() - start
    if len(last) != 50 or last[-1].index != trace.count - 1:
        raise WrongResult(f"{file}: the last instructions of the trace are missing")
    return seconds


def keys(file: Path) -> Iterator[tuple[str, list[Painted]]]:
    """From keys to painted frames with a trace open; WrongResult if the debugger is not where it should be."""
    with Terminal([*neurohart_command(), "debug", str(file)], WIDTH, HEIGHT) as terminal:
        start = terminal.wait_for("history")
        yield "start the program, open the trace", [start]
        middle = TraceFile.open(file).count // 2
        arrived = terminal.press(f":goto {middle}\r", f"at instruction {middle}")
        yield "go to the middle, the first time", [arrived]
        for _ in range(5):
            terminal.press("\t")  # to the trace
        for name, pressed, *other in KEYS:
            terminal.press("\x1b")
            painted = [terminal.press(key) for key in pressed]
            if not all(one.data for one in painted):
                raise WrongResult(f"{name}: the debugger painted nothing after one of the keys {pressed!r}")
            yield name, painted[:: 1 + len(other)]
            yield from ((its, painted[1::2]) for its in other)
        terminal.press("\x1b")
        searched = []
        for _ in range(5):
            terminal.press(f"/{SEARCH}")
            searched.append(terminal.press("\r"))
        yield "search", searched
        terminal.press("j")  # to what was found
        yield "choose a register in the trace", [terminal.press(key) for key in "lhlhl"]
        yield "resize", [terminal.resize(*size) for size in ((120, 40), (WIDTH, HEIGHT), (80, 24), (WIDTH, HEIGHT))]
        yield "peak", [Painted(peak_bytes(terminal.pid), _anonymous(terminal.pid), b"")]


def _anonymous(pid: int) -> int:
    """Bytes of a process that are no mapped files."""
    found = re.search(r"RssAnon:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def painting(file: Path) -> list[Table]:
    """The tables of keys and memory."""
    table = _table(
        f"From a key to the painted frame, {WIDTH} x {HEIGHT}", "what", "median ms", "worst ms", "CPU ms", "kB painted"
    )
    memory = _table("Memory of the debugger's process", "what", "MB")
    for name, painted in keys(file):
        if name == "peak":
            memory.add_row("peak of all that is resident, mapped files, too", f"{painted[0].wall / 1e6:.1f}")
            memory.add_row("at the end without mapped files", f"{painted[0].cpu / 1e6:.1f}")
            continue
        walls = [1e3 * one.wall for one in painted]
        cpu = 1e3 * statistics.mean(one.cpu for one in painted)
        size = statistics.median(len(one.data) for one in painted) / 1e3
        table.add_row(name, f"{statistics.median(walls):.1f}", f"{max(walls):.1f}", f"{cpu:.0f}", f"{size:.1f}")
    return [table, memory]


def going_back(work: float, places: int) -> Table:
    """One instruction back, from many moments of a run; WrongResult if a moment is not the same again."""
    table = _table("One instruction back, anywhere", "program", "instructions", "run s", "median ms", "worst ms")
    for program in benchmarks(list(PROGRAMS), work):
        console = ReplayedConsole()
        machine = Machine(console=console.write)
        machine.load(program.for_machine())
        debugger = Debugger(machine, console)
        start = time.perf_counter()
        debugger.resume()
        ran, count = time.perf_counter() - start, debugger.now
        times = []
        draw = random.Random(1)
        for _ in range(places):
            debugger.goto(draw.randrange(1, count))
            before = (debugger.now, machine.hart.pc, tuple(machine.hart.x))
            start = time.perf_counter()
            debugger.step_back()
            times.append(1e3 * (time.perf_counter() - start))
            debugger.step()
            if (debugger.now, machine.hart.pc, tuple(machine.hart.x)) != before:
                raise WrongResult(f"{program.name}: a step back and one forward from {before[0]} lead elsewhere")
        figures = [f"{count:,}", f"{ran:.2f}", f"{statistics.median(times):.1f}", f"{max(times):.1f}"]
        table.add_row(program.name, *figures)
    return table


def main(arguments: argparse.Namespace) -> int:
    """Measure and print; raises ToolMissing, WrongResult, ValueError."""
    if arguments.repeat < 1 or arguments.places < 1:
        raise ValueError("--repeat and --places have to be 1 at least")
    work = RECORDED / 100 if arguments.quick else RECORDED
    with tempfile.TemporaryDirectory(prefix="debugger-", dir=arguments.directory) as directory:
        folder = Path(directory)
        opened = folder / "opened.nht"
        (program,) = benchmarks(["quicksort"], work)
        record(program, opened, OPENED // 100 if arguments.quick else OPENED)
        seconds = min(opening(opened) for _ in range(5))
        size = opened.stat().st_size / 1e6
        opens = _table("Opening a trace", "instructions", "MB", "ms to its last 50 instructions")
        opens.add_row(f"{TraceFile.open(opened).count:,}", f"{size:.1f}", f"{1e3 * seconds:.1f}")
        tables = [recording(work, 1 if arguments.quick else arguments.repeat, folder), opens, *painting(opened)]
    tables.append(going_back(work, 5 if arguments.quick else arguments.places))
    console = Console()
    for table in tables:
        console.print(table)
    load = os.getloadavg()[0]
    print(f"load of this computer: {load:.2f}", file=sys.stderr)
    if arguments.page:
        page.put("debugger", tables)
    return 0
