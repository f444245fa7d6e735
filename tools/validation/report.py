"""Shows findings: as a table in the terminal, as JSON, and as the tables of docs/comparisons.md."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

from rich.console import Console
from rich.table import Table

from tools.docs.tables import markdown, replace
from tools.validation import cuba
from tools.validation.cuba_measures import MEASURES
from tools.validation.findings import Finding, ReferenceMissing, Unequal

PAGE = Path(__file__).resolve().parents[2] / "docs" / "comparisons.md"
COLUMNS = ("what", "how much was compared", "deviation", "tolerance", "why this tolerance")


def cells(finding: Finding) -> tuple[str, ...]:
    """A row of the table."""
    places = 0 if finding.deviation == int(finding.deviation) else 2
    unit = finding.unit if finding.unit == "%" else f" {finding.unit}"
    return (
        finding.what,
        finding.extent,
        f"{finding.deviation:.{places}f}{unit}",
        f"{finding.tolerance:g}{unit}",
        finding.reason,
    )


def show(findings: list[Finding], arguments: argparse.Namespace) -> int:
    """Print findings; Unequal if one is above its tolerance."""
    if arguments.json:
        json.dump([{**asdict(f), "agrees": f.agrees} for f in findings], sys.stdout, indent=1)
        print()
    else:
        table = Table(caption="How much was compared and why the tolerances are what they are: --json, or the page.")
        for column in (COLUMNS[0], *COLUMNS[2:4], "verdict"):
            table.add_column(column)
        for finding in findings:
            what, _, deviation, tolerance, _ = cells(finding)
            table.add_row(what, deviation, tolerance, "agree" if finding.agrees else "DIFFER")
        Console().print(table)
    wrong = [finding.what for finding in findings if not finding.agrees]
    if wrong:
        raise Unequal(f"above the tolerance: {'; '.join(wrong)}")
    return 0


def findings_table(findings: list[Finding]) -> str:
    """Findings in Markdown."""
    return markdown([COLUMNS, ("---",) * len(COLUMNS), *(cells(finding) for finding in findings)])


def cuba_table() -> str:
    """The stored runs of the CUBA network in Markdown, for both durations."""
    stored = cuba.stored()
    header = ("measure, counted time", "coprocessor", "Brian2", "difference", "in seed SDs", "in standard errors")
    rows: list[tuple[str, ...]] = [header, ("---", *("---:",) * 5)]
    for duration in stored["brian2"]:
        for c in cuba.compare(stored["coprocessor"][duration], stored["brian2"][duration]):
            title, places = MEASURES[c.name]
            sides = [f"{statistics.fmean(v):.{places}f} ± {statistics.stdev(v):.{places}f}" for v in (c.ours, c.theirs)]
            difference = statistics.fmean(c.ours) - statistics.fmean(c.theirs)
            figures = (f"{difference:+.{places}f}", f"{c.deviation:+.2f}", f"{c.standard_errors:+.1f}")
            rows.append((f"{title}, 500..{duration} ms", *sides, *figures))
    return markdown(rows)


def findings_if_possible(module: ModuleType) -> list[Finding] | None:
    """The findings of a comparison; None, with a message, where what it needs is missing."""
    try:
        findings: list[Finding] = module.findings()
    except ReferenceMissing as missing:
        print(f"left out: {missing}", file=sys.stderr)
        return None
    return findings


def update(page: str, modules: dict[str, ModuleType]) -> str:
    """The page with all figures made again, except where what a comparison needs is missing."""

    def again(name: str) -> str | None:
        if name == "cuba":
            return cuba_table()
        findings = findings_if_possible(modules[name])
        return None if findings is None else findings_table(findings)

    return replace(page, again)
