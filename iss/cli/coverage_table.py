"""Coverage as a table and as plain data."""

from __future__ import annotations

import os
from typing import Any, Final, TextIO

from iss.cli.tables import show_tables, table
from iss.trace.coverage.lines import Coverage, FileCoverage, Rate

_MOST_STRETCHES: Final = 8  # of lines that are missing
GOOD, FAIR = 90.0, 75.0
"""Percentages from which a rate is green, and yellow."""


def percent(rate: Rate) -> str:
    """`87.5 %`; nothing where there is nothing to be covered. 100.0 only where all is."""
    if not rate.found:
        return ""
    return f"{min(rate.percent, 99.9) if rate.hit < rate.found else 100:.1f} %"


def level(rate: Rate) -> str:
    """`good`, `fair` or `poor`."""
    return "good" if rate.percent >= GOOD else "fair" if rate.percent >= FAIR else "poor"


def shown_path(path: str) -> str:
    """A path, from the current directory if it is below it."""
    relative = os.path.relpath(path) if os.path.isabs(path) else path
    return path if relative.startswith("..") else relative


def show(coverage: Coverage, stream: TextIO) -> None:
    """Print a row for each file, and their sum."""
    styles = {"good": "green", "fair": "yellow", "poor": "red"}
    made = table("source", "lines", "covered", "branches", "covered", "never executed")
    made.columns[-1].justify = "left"
    made.columns[-1].no_wrap = False
    rows = [
        (shown_path(path), found.line_rate, found.branch_rate, _missing(found)) for path, found in _sorted(coverage)
    ]
    total = coverage.rate(lambda found: found.line_rate), coverage.rate(lambda found: found.branch_rate)
    for name, lines, branches, missing in (*rows, ("total", *total, "")):
        cells = (f"{lines.hit}/{lines.found}", percent(lines), f"{branches.hit}/{branches.found}", percent(branches))
        made.add_row(name, *cells, missing, style=styles[level(lines)])
    show_tables([made], stream)


def _sorted(coverage: Coverage) -> list[tuple[str, FileCoverage]]:
    return sorted(coverage.files.items())


def _missing(found: FileCoverage) -> str:
    stretches = [str(first) if first == last else f"{first}-{last}" for first, last in found.missing]
    more = len(stretches) - _MOST_STRETCHES
    return ", ".join(stretches[:_MOST_STRETCHES]) + (f" and {more} more" if more > 0 else "")


def plain(coverage: Coverage) -> dict[str, Any]:
    """The figures as an object of JSON, with the lines that were never executed."""

    def rates(lines: Rate, branches: Rate, functions: Rate) -> dict[str, Any]:
        named = {"lines": lines, "branches": branches, "functions": functions}
        return {
            name: {"covered": rate.hit, "found": rate.found, "percent": round(rate.percent, 2)}
            for name, rate in named.items()
        }

    return {
        "total": rates(
            coverage.rate(lambda found: found.line_rate),
            coverage.rate(lambda found: found.branch_rate),
            coverage.rate(lambda found: found.function_rate),
        ),
        "files": {
            path: rates(found.line_rate, found.branch_rate, found.function_rate)
            | {
                "missing": [line for line, count in sorted(found.lines.items()) if not count],
                "partial": [line for line in sorted(found.lines) if found.partial(line)],
            }
            for path, found in _sorted(coverage)
        },
    }
