"""`neurohart trace diff`: the first difference of two traces, with what led to it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator

from iss.cli.exit_codes import ExitCode, failing
from iss.cli.parsing import count
from iss.cli.trace_files import add_trace_arguments, colourful, open_trace
from iss.isa.registers import ABI_NAMES
from iss.trace.compare import Difference, Start, align, first_difference, last_writes
from iss.trace.filters import place
from iss.trace.reader import Trace
from iss.trace.render import Renderer, paint, unpainted

HELP = "Find the first difference of two traces, of any formats."
EXAMPLE = """\
Compared is what both traces know: pc, word, register written, accesses, CSRs that both show. What one trace has more
in front, such as the boot ROM of another simulator, is skipped. The exit code is 0 if the traces are equal, 1 if not.

examples:
  neurohart trace diff ours.nht spike.log
  neurohart trace diff ours.nht theirs.log --from-place main --context 20
  neurohart trace diff before.nht after.nht --prefix --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `trace diff`."""
    parser.usage = "neurohart trace diff [OPTIONS] LEFT RIGHT"
    parser.add_argument("left", metavar="LEFT", help="a trace")
    parser.add_argument("right", metavar="RIGHT", help="another one")
    parser.add_argument("--context", type=count, metavar="N", default=6, help="instructions shown before (default: 6)")
    parser.add_argument("--from-place", metavar="PLACE", help="begin where both first come to a symbol or address")
    parser.add_argument("--prefix", action="store_true", help="traces are equal if one is the beginning of the other")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    add_trace_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out `trace diff`; raises Failure."""
    left, right = (open_trace(name, args) for name in (args.left, args.right))
    share_names(left, right)
    start = _start(left, right, args.from_place)
    found = first_difference(left, right, start)
    if found is not None and found.fields is None and args.prefix:
        found = None
    if args.json:
        print(json.dumps(_plain(left, right, start, found), indent=2))
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(left, right, start, found, args))
    return ExitCode.OK if found is None else ExitCode.FAILED


def share_names(left: Trace, right: Trace) -> None:
    """Let a trace without symbols, lines or ISA have those of the other."""
    for one, other in ((left, right), (right, left)):
        if "symbols" not in one.description and "symbols" in other.description:
            taken = ("symbols", "files", "lines", "isa")
            wanted = {key: other.description[key] for key in taken if key in other.description}
            one.description = {**one.description, **wanted}


def _start(left: Trace, right: Trace, wanted: str | None) -> Start:
    if wanted is None:
        return align(left, right)
    from iss.cli.exit_codes import Failure
    from iss.trace.filters import Filter

    with failing(ExitCode.USAGE):
        address = place(wanted, left).low
        found = [trace.find(Filter.parse(f"pc={address:#x}", trace)) for trace in (left, right)]
    if found[0] is None or found[1] is None:
        side = "left" if found[0] is None else "right"
        raise Failure(f"the {side} trace never comes to {wanted}; leave out --from-place", ExitCode.USAGE)
    return Start(found[0], found[1])


def _plain(left: Trace, right: Trace, start: Start, found: Difference | None) -> dict[str, object]:
    content: dict[str, object] = {"equal": found is None, "start": [start.left, start.right]}
    if found is None:
        return content | {"compared": min(left.count - start.left, right.count - start.right)}
    content |= {"left": found.left, "right": found.right, "fields": found.fields}
    for name, trace, index in (("left", left, found.left), ("right", right, found.right)):
        if index < trace.count:
            content[f"{name}_instruction"] = Renderer(trace).plain(trace.instruction(index))
    return content


def _lines(
    left: Trace, right: Trace, start: Start, found: Difference | None, args: argparse.Namespace
) -> Iterator[str]:
    for name, skipped in ((args.left, start.left), (args.right, start.right)):
        if skipped:
            yield f"{name}: the first {skipped:,} instructions are skipped"
    if found is None:
        compared = min(left.count - start.left, right.count - start.right)
        yield f"equal: {compared:,} instructions"
        return
    painter = paint if colourful() else unpainted
    renderers = [Renderer(trace, painter, lines=bool(trace.lines)) for trace in (left, right)]
    if found.fields is None:
        shorter, longer = (args.left, args.right) if found.left >= left.count else (args.right, args.left)
        more = abs((left.count - found.left) - (right.count - found.right))
        yield f"{shorter} ends after {found.left - start.left:,} equal instructions; {longer} has {more:,} more"
    else:
        yield f"after {found.left - start.left:,} equal instructions {' and '.join(found.fields)} differ"
    for index in range(max(start.left, found.left - args.context), found.left):
        for line in renderers[0].lines(left.instruction(index)):
            yield f"  {line}"
    for sign, name, trace, renderer, index in (
        ("<", args.left, left, renderers[0], found.left),
        (">", args.right, right, renderers[1], found.right),
    ):
        yield f"{sign} {name}"
        if index >= trace.count:
            yield f"{sign}   (ends here)"
            for line in renderer.behind():
                yield f"{sign} {line}"
        for behind in range(index, min(index + 3, trace.count)):
            for line in renderer.lines(trace.instruction(behind)):
                yield f"{sign} {line}"
    if found.fields is not None:
        yield from _sources(left, found, renderers[0])


def _sources(trace: Trace, found: Difference, renderer: Renderer) -> Iterator[str]:
    """The registers that the instruction reads and where they were written."""
    retired = trace.instruction(found.left)
    source = renderer.source(retired.pc)
    if source:
        yield f"at {source}"
    reads = trace.decoder.word(retired.word).reads if trace.has("word") and trace.has("value") else 0
    for number, written in sorted(last_writes(trace, found.left, reads).items()):
        text = renderer.code(written.pc, written.word)[1]
        yield f"  it reads {ABI_NAMES[number]}={written.value:08x}, written at {written.number} by {text}"
