"""Tables of reports: ruled on a terminal, else aligned text."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO
from typing import TextIO

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

_PLAIN_WIDTH = 250


def table(first: str, *figures: str, title: str = "") -> Table:
    """A table with a column of names and columns of figures."""
    made = Table(pad_edge=False, title=title or None, title_justify="left", title_style="bold")
    made.add_column(first, style="cyan", no_wrap=True)
    for head in figures:
        made.add_column(head, justify="right", no_wrap=True)
    return made


def show_tables(tables: Iterable[Table], stream: TextIO) -> None:
    """Print tables."""
    terminal = stream.isatty()
    console = Console(
        file=stream if terminal else StringIO(), highlight=False, width=None if terminal else _PLAIN_WIDTH
    )
    for one in tables:
        one.box = SIMPLE if terminal else None
        console.print() if not terminal else None
        console.print(one)
    if not terminal:
        assert isinstance(console.file, StringIO)
        stream.writelines(f"{line}\n" for line in map(str.rstrip, console.file.getvalue().splitlines()))
