"""`neurohart trace stats`: what a trace adds up to."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from iss.cli.exit_codes import ExitCode
from iss.cli.parsing import count
from iss.cli.trace_files import add_trace_arguments, open_trace
from iss.trace.reader import Trace
from iss.trace.render import Renderer
from iss.trace.statistics import Summary, Tally, ranked, summarise

HELP = "Count what a trace holds: mix of instructions, hottest places, calls, traps, commands, spikes."
EXAMPLE = """\
examples:
  neurohart trace stats digits.nht
  neurohart trace stats digits.nht --rows 40 --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `trace stats`."""
    parser.usage = "neurohart trace stats [OPTIONS] TRACE"
    parser.add_argument("trace", metavar="TRACE", help="a recorded trace, or one of another tool")
    parser.add_argument("--rows", type=count, metavar="N", default=10, help="rows of each table (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    add_trace_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out `trace stats`; raises Failure."""
    trace = open_trace(args.trace, args)
    summary = summarise(trace)
    if args.json:
        print(json.dumps(summary.plain(trace, args.rows), indent=2))
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(trace, summary, args.rows))
    return ExitCode.OK


def _lines(trace: Trace, summary: Summary, most: int) -> Iterator[str]:
    yield f"{trace.program or 'trace'}: {summary.instructions:,} instructions, {summary.cycles:,} cycles, {trace.isa}"
    yield f"  loads {summary.loads:,}, stores {summary.stores:,}, branches {summary.branches:,}, {_part(summary)} taken"
    if summary.sleep:
        yield f"  asleep in wfi for {summary.sleep:,} cycles"
    if trace.end:
        yield f"  ended by {trace.end.get('reason', '')}"
    elif not getattr(trace, "complete", True):
        yield "  the recording was not brought to its end"
    yield from _table("instructions", summary.mnemonics, most, summary.instructions)
    yield from _table("functions", summary.functions, most, summary.instructions)
    renderer = Renderer(trace)
    places = {f"{pc:08x} {renderer.place(pc)}".rstrip(): tally for pc, tally in summary.pcs.items()}
    yield from _table("places", places, most, summary.instructions)
    yield from _counts("calls", {trace.names.at(pc): times for pc, times in summary.calls.most_common(most)})
    yield from _counts("traps", dict(summary.traps.most_common(most)))
    if summary.commands:
        again = f", {summary.suspended:,} times suspended" if summary.suspended else ""
        yield f"\ncommands to the coprocessor{again}"
        for name, tally in ranked(summary.commands, most):
            yield f"  {name:<32} {tally.count:>12,}  {tally.cycles:>14,} cycles  {tally.spikes:>10,} spikes"
    yield from _counts("spikes", {trace.names.at(pop): times for pop, times in summary.spikes.most_common(most)})


def _part(summary: Summary) -> str:
    return f"{100 * summary.taken / summary.branches:.1f} %" if summary.branches else "none"


def _table(title: str, table: Mapping[str, Tally], most: int, whole: int) -> Iterator[str]:
    yield f"\n{title:<32}   {'times':>12}  {'share':>7}  {'cycles':>14}"
    for name, tally in ranked(table, most):
        yield f"  {name:<32} {tally.count:>12,}  {100 * tally.count / max(1, whole):>5.1f} %  {tally.cycles:>14,}"
    if len(table) > most:
        yield f"  and {len(table) - most} more"


def _counts(title: str, table: Mapping[str, Any]) -> Iterator[str]:
    if table:
        yield f"\n{title}"
    for name, times in table.items():
        yield f"  {name:<32} {times:>12,}"
