"""Times the workbench: from `ext new` to all green in whole processes, and random programs a second."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.bench import page
from tools.bench.errors import WrongResult
from tools.bench.peers import run

ROOT = Path(__file__).resolve().parents[2]
NEUROHART = [sys.executable, "-m", "iss", "ext"]
STORY: tuple[tuple[str, list[str]], ...] = (
    ("ext new", [*NEUROHART, "new", "xspk"]),
    ("ext check", [*NEUROHART, "check", "xspk.py"]),
    ("pytest", [sys.executable, "-m", "pytest", "-q", "test_xspk.py"]),
    ("ext test, 200 programs", [*NEUROHART, "test", "xspk.py", "--against", "c", "--programs", "200"]),
    ("ext prove", [*NEUROHART, "prove", "xspk.py", "--exhaustive-bits", "24", "--cases", "1e6"]),
    ("ext cover", [*NEUROHART, "cover", "xspk.py"]),
    ("ext mutate", [*NEUROHART, "mutate", "xspk.py", "--minimum", "95"]),
    ("ext export", [*NEUROHART, "export", "xspk.py", "-o", "handout"]),
)
XNMSPK = str(ROOT / "programs" / "extensions" / "xnmspk" / "xnmspk.py")
RATES: tuple[tuple[str, str, str], ...] = (
    ("C functions", "xspk.py", "c"),
    ("the C coprocessor", XNMSPK, "coprocessor"),
    ("Verilog on PicoRV32, Verilator", XNMSPK, "rtl"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m tools.bench workbench`."""
    parser.add_argument("--seconds", type=float, default=10.0, help="of random programs each (default: 10)")
    parser.add_argument("--page", action="store_true", help="put the tables into docs/performance.md")


def main(arguments: argparse.Namespace) -> int:
    """Measure and print; raises WrongResult."""
    with tempfile.TemporaryDirectory() as folder:
        # Nothing compiled from before, so that the story is a newcomer's.
        os.environ |= {"XDG_CACHE_HOME": f"{folder}/cache", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
        with contextlib.chdir(folder):
            tables = [_story(), _rates(arguments.seconds)]
    Console().print(*tables)
    if arguments.page:
        page.put("workbench", tables)
    return 0


def _story() -> Table:
    table = Table("step", title="From ext new to all green", title_justify="left")
    table.add_column("seconds", justify="right")
    table.add_column("CPU seconds", justify="right")
    wall = cpu = 0.0
    for name, command in STORY:
        timing = run(command)
        wall, cpu = wall + timing.wall, cpu + timing.cpu
        table.add_row(name, f"{timing.wall:.2f}", f"{timing.cpu:.2f}")
    table.add_row("all", f"{wall:.1f}", f"{cpu:.1f}")
    return table


def _rates(seconds: float) -> Table:
    table = Table("random programs against", title="ext test", title_justify="left")
    for name in ("instructions", "instructions/s", "programs/s"):
        table.add_column(name, justify="right")
    for name, file, against in RATES:
        if against == "rtl" and shutil.which("verilator") is None:
            continue
        command = [*NEUROHART, "test", file, "--against", against, "--json", "--seconds"]
        run([*command, "1"])  # what is compiled is compiled before
        (found,) = json.loads(run([*command, str(seconds)]).output)
        if found["failures"]:
            raise WrongResult(f"{file} differs from {against}: {found['failures']}")
        count, programs, spent = found["instructions"], found["programs"], found["seconds"]
        table.add_row(name, f"{count:,}", f"{count / spent:,.0f}", f"{programs / spent:.0f}")
    return table
