"""The tables of docs/performance.md, made from the tables in the terminal by `--page`."""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from rich.table import Table

from coprocessor import simd_levels
from tools.docs import tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"


def machine() -> dict[str, str]:
    """What figures are measured on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown processor"
    )
    return {
        "processor": model,
        "processors": str(os.cpu_count()),
        "vector instructions": simd_levels()[0],
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "NumPy": version("numpy"),
    }


def markdown(table: Table) -> str:
    """A table as Markdown."""
    columns = list(table.columns)
    header = [str(column.header) for column in columns]
    alignment = ["---:" if column.justify == "right" else "---" for column in columns]
    cells = zip(*(map(str, column.cells) for column in columns), strict=True)
    return tables.markdown([header, alignment, *cells])


def _command() -> str:
    """What was typed, without where results go."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--json")
    return shlex.join(["python", "-m", "tools.bench", *parser.parse_known_args(sys.argv[1:])[1]])


def put(name: str, shown: Iterable[Table]) -> None:
    """Replace a section of the page by tables and where they come from; ValueError if there is no such section."""
    text = PAGE.read_text(encoding="utf-8")
    if name not in tables.names(text):
        raise ValueError(f"{PAGE} has no section <!-- {name} --> for these figures; add one")
    parts = machine()
    where = f"{parts.pop('processor')}, {parts.pop('processors')} processors, {parts.pop('vector instructions')}"
    versions = f"{parts.pop('system')}, {', '.join(f'{key} {value}' for key, value in parts.items())}"
    origin = f"`{_command()}` on {where}, {versions}"
    content = "\n\n".join([*map(markdown, shown), origin])
    PAGE.write_text(tables.replace(text, {name: content}.get), encoding="utf-8")
