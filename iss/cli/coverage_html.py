"""Coverage as pages: an overview and one page a source, which need nothing from elsewhere."""

from __future__ import annotations

import html
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from iss.cli.coverage_table import level, percent, shown_path
from iss.cli.dumps import write_file
from iss.cli.exit_codes import ExitCode, Failure
from iss.cli.profile_source import source
from iss.trace.coverage.lines import Branch, Coverage, FileCoverage, Rate

_STYLE: Final = """
:root { --text: #1b1f24; --dim: #57606a; --page: #fff; --line: #d8dee4; --good: #2da44e; --fair: #d4a72c;
  --poor: #cf222e; --hit: #e6f6ea; --part: #fff3c4; --miss: #ffe3e1; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --dim: #8b949e; --page: #0d1117; --line: #30363d;
  --hit: #12261a; --part: #3b3310; --miss: #3d1614; } }
body { font: 14px/1.5 system-ui, "DejaVu Sans", sans-serif; color: var(--text); background: var(--page);
  margin: 2em auto; max-width: 110em; padding: 0 1.5em; }
h1 { font-size: 1.4em; margin: 0 0 .2em; }
a { color: inherit; }
table { border-collapse: collapse; }
th { color: var(--dim); font-weight: normal; text-align: left; }
.files { width: 100%; margin-top: 1.5em; }
.files td, .files th { padding: .35em .8em; border-top: 1px solid var(--line); }
.files .side { width: 1%; padding-right: 0; }
.figure { text-align: right; width: 1%; white-space: nowrap; font-variant-numeric: tabular-nums; }
.bar { width: 9em; height: .7em; border-radius: .35em; background: var(--line); overflow: hidden; }
.bar div { height: 100%; }
.good div { background: var(--good); }
.fair div { background: var(--fair); }
.poor div { background: var(--poor); }
.total td { font-weight: bold; }
.code { font: 12.5px/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; width: 100%;
  margin-top: 1.5em; }
.code td, .code th { padding: 0 .8em; white-space: pre; vertical-align: top; }
.code .text { width: 100%; tab-size: 4; }
.number, .count, .ways { color: var(--dim); text-align: right; user-select: none; }
tr.hit .text { background: var(--hit); }
tr.part td { background: var(--part); }
tr.miss td { background: var(--miss); }
tr.miss .count, .never { color: var(--poor); font-weight: bold; }
.note { color: var(--dim); }
details { margin-top: 1em; }
details td { padding: 0 .8em; }
"""


def write_pages(coverage: Coverage, folder: str) -> None:
    """Write `index.html` and a page for each source into a folder, which is made. Raises Failure."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"{folder}: cannot be written ({error.strerror})", ExitCode.WRITE_ERROR) from None
    names = _page_names(sorted(coverage.files))
    for path, found in coverage.files.items():
        write_file(os.path.join(folder, names[path]), _source_page(path, found).encode())
    write_file(os.path.join(folder, "index.html"), _overview(coverage, names).encode())


def _page_names(paths: list[str]) -> dict[str, str]:
    """A name for each page: that of its source, with a number where it is taken."""
    names: dict[str, str] = {}
    taken = {"index.html"}
    for path in paths:
        name, number = f"{os.path.basename(path)}.html", 1
        while name.lower() in taken:
            number += 1
            name = f"{os.path.basename(path)}.{number}.html"
        taken.add(name.lower())
        names[path] = name
    return names


def _page(title: str, body: Iterator[str]) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style></head><body>\n{''.join(body)}</body></html>\n"
    )


def _cells(rate: Rate) -> str:
    """Bar, percentage and figures of a rate; nothing where there is nothing to be covered."""
    if not rate.found:
        return "<td></td><td></td><td></td>"
    bar = f'<div class="bar {level(rate)}"><div style="width: {rate.percent:.1f}%"></div></div>'
    figures = f'<td class="figure">{percent(rate)}</td><td class="figure">{rate.hit:,} / {rate.found:,}</td>'
    return f'<td class="side">{bar}</td>{figures}'


def _heads() -> str:
    return "".join(f'<th colspan="3">{what}</th>' for what in ("lines", "branches", "functions"))


def _rates(found: FileCoverage) -> str:
    return "".join(_cells(rate) for rate in (found.line_rate, found.branch_rate, found.function_rate))


def _overview(coverage: Coverage, names: dict[str, str]) -> str:
    def body() -> Iterator[str]:
        yield f'<h1>Coverage</h1>\n<table class="files"><tr><th>source</th>{_heads()}</tr>\n'
        total = (
            coverage.rate(lambda found: found.line_rate),
            coverage.rate(lambda found: found.branch_rate),
            coverage.rate(lambda found: found.function_rate),
        )
        yield f'<tr class="total"><td>total</td>{"".join(_cells(rate) for rate in total)}</tr>\n'
        for path, found in sorted(coverage.files.items()):
            name = html.escape(shown_path(path))
            yield f'<tr><td><a href="{html.escape(names[path])}">{name}</a></td>{_rates(found)}</tr>\n'
        yield "</table>\n"

    return _page("Coverage", body())


def _source_page(path: str, found: FileCoverage) -> str:
    def body() -> Iterator[str]:
        yield f'<a href="index.html">all sources</a>\n<h1>{html.escape(shown_path(path))}</h1>\n'
        yield f'<table class="files"><tr>{_heads()}</tr><tr>{_rates(found)}</tr></table>\n'
        text = source(path)
        if not text:
            yield '<p class="note">The source is not here; the lines that have code are shown without their text.</p>\n'
        yield from _functions(found)
        yield '<p class="note">branches: ↷ taken, ↓ not taken; red lines were never executed, '
        yield "yellow ones have a branch that went one way only</p>\n"
        yield '<table class="code"><tr><th>line</th><th>executed</th><th>branches</th><th></th></tr>\n'
        for line in range(1, len(text) + 1) if text else sorted(found.lines):
            yield _line(line, text[line - 1] if text else "", found)
        yield "</table>\n"

    return _page(f"{os.path.basename(path)} - coverage", body())


def _functions(found: FileCoverage) -> Iterator[str]:
    """The functions with their calls, to be unfolded; those that were never called come first."""
    if not found.functions:
        return
    yield "<details><summary>functions</summary><table>\n"
    for name, (line, count) in sorted(found.functions.items(), key=lambda row: (row[1][1] > 0, row[1][0], row[0])):
        style = "figure" if count else "figure never"
        link = f'<a href="#L{line}">{html.escape(name)}</a>'
        yield f'<tr><td class="{style}">{count:,}</td><td>{link}</td></tr>\n'
    yield "</table></details>\n"


def _line(line: int, text: str, found: FileCoverage) -> str:
    count = found.lines.get(line)
    kind = "" if count is None else "miss" if not count else "part" if found.partial(line) else "hit"
    ways = "  ".join(_ways(branch) for branch in found.branches.get(line, ()))
    shown = "" if count is None else f"{count:,}"
    return (
        f'<tr class="{kind}" id="L{line}"><td class="number">{line}</td><td class="count">{shown}</td>'
        f'<td class="ways">{ways}</td><td class="text">{html.escape(text) or " "}</td></tr>\n'
    )


def _ways(branch: Branch) -> str:
    """How often a branch was taken and not taken; a way that was never gone stands out."""
    title = f"taken {branch.taken:,} times, not taken {branch.passed:,} times"
    parts = [
        f'<span class="{"" if count else "never"}">{sign}{count:,}</span>'
        for sign, count in (("↷", branch.taken), ("↓", branch.passed))
    ]
    return f'<span title="{title}">{" ".join(parts)}</span>'
