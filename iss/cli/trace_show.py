"""`neurohart trace show`: the instructions of a trace, disassembled."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

from iss.cli.exit_codes import ExitCode, failing
from iss.cli.parsing import count
from iss.cli.trace_files import add_trace_arguments, colourful, open_trace, write_lines
from iss.trace.filters import TERMS, Filter
from iss.trace.reader import Trace
from iss.trace.render import Renderer, paint, unpainted

HELP = "Write the instructions of a trace, disassembled, with what they did."
EXAMPLE = (
    """\
Each line has the number of the instruction since reset, its address, place and text, the register it wrote, and its
accesses: [address]->value for loads, [address]<-value for stores. Lines with -- tell what happened in between.

A filter is made of these terms with & (and), | (or), ! (not) and parentheses:
"""
    + "".join(f"  {term.text:<24} {term.meaning}\n" for term in TERMS.values())
    + """\
PLACE is a symbol, an address, either with +LENGTH, or LOW..HIGH. A REGEX with one of & | ! ( ) is put in quotes.

examples:
  neurohart trace show digits.nht --limit 20
  neurohart trace show digits.nht --filter "mnem~nm & pc in main"
  neurohart trace show digits.nht --filter "store 0x80010000+64" --json
  neurohart trace show digits.nht --from 5000 --to 5100 --lines
"""
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `trace show`."""
    parser.usage = "neurohart trace show [OPTIONS] TRACE"
    parser.add_argument("trace", metavar="TRACE", help="a recorded trace, or one of another tool")
    parser.add_argument("--filter", metavar="FILTER", help="these instructions only, see below")
    parser.add_argument(
        "--from", dest="begin", type=count, metavar="N", help="from the instruction with this number on"
    )
    parser.add_argument("--to", dest="end", type=count, metavar="N", help="up to before the one with this number")
    parser.add_argument("--limit", type=count, metavar="N", help="at most N instructions")
    parser.add_argument("--last", type=count, metavar="N", help="the last N instructions of those")
    parser.add_argument("--lines", action="store_true", help="with source lines")
    parser.add_argument("--json", action="store_true", help="a JSON object for each instruction")
    add_trace_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out `trace show`; raises Failure."""
    trace = open_trace(args.trace, args)
    renderer = Renderer(trace, paint if colourful() and not args.json else unpainted, lines=args.lines)
    with failing(ExitCode.USAGE):
        wanted = Filter.parse(args.filter, trace) if args.filter else None
    chosen = choose(trace, wanted, args)
    if args.json:
        write_lines(json.dumps(renderer.plain(trace.instruction(index))) for index in chosen)
    else:
        write_lines(_lines(trace, renderer, chosen, whole=wanted is None and args.end is None and args.limit is None))
    return ExitCode.OK


def choose(trace: Trace, wanted: Filter | None, args: argparse.Namespace) -> Iterator[int]:
    """Indices of the instructions that the options name."""
    begin = 0 if args.begin is None else trace.index_of(args.begin)
    end = trace.count if args.end is None else trace.index_of(args.end)
    indices = trace.matching(wanted, begin, end)
    if args.last is not None:
        from collections import deque

        indices = iter(deque(indices, maxlen=args.last))
    if args.limit is not None:
        from itertools import islice

        indices = islice(indices, args.limit)
    return indices


def _lines(trace: Trace, renderer: Renderer, chosen: Iterator[int], *, whole: bool) -> Iterator[str]:
    for index in chosen:
        yield from renderer.lines(trace.instruction(index))
    if whole:
        yield from renderer.behind()
