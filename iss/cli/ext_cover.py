"""`neurohart ext cover`: which corners of an extension were executed, and how to get to the others."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iss.cli.exit_codes import ExitCode, Failure, failing
from iss.cli.parsing import count, percentage
from iss.cli.trace_files import add_trace_arguments, open_trace

if TYPE_CHECKING:
    from iss.extension.cover import Cover
    from iss.extension.reach import Reach

HELP = "Count which operand corners, aliases, states, branches and traps of an extension were executed."
EXAMPLE = """\
Without --tests, --programs, --run, --trace or --merge, the tests beside the file run (test_NAME.py), or 100 random
programs if there are none. Each missed bin comes with operands and state that hit it, or is proved unreachable.

examples:
  neurohart ext cover xspk.py
  neurohart ext cover xspk.py --programs 500 --html cover.html --minimum 90
  neurohart ext cover xspk.py --tests tests/ -o tests.json
  neurohart ext cover xspk.py --trace app.nht        what `neurohart trace record` has recorded
  neurohart ext cover xspk.py --merge tests.json programs.json

exit code: 0, or 1 if less than --minimum percent of the bins are hit
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `ext cover`."""
    parser.usage = "neurohart ext cover [OPTIONS] FILE"
    parser.add_argument("file", metavar="FILE", type=Path, help="an extension file")
    parser.add_argument("--tests", metavar="PATH", type=Path, action="append", help="run these tests with pytest")
    parser.add_argument("--programs", metavar="N", type=count, help="run so many random programs, as ext test does")
    parser.add_argument("--seed", metavar="N", type=count, default=1, help="of the random programs (default: 1)")
    parser.add_argument("--run", metavar="PROGRAM", type=Path, action="append", help="run a program (ELF, hex, binary)")
    parser.add_argument("--trace", metavar="TRACE", action="append", help="what a trace has executed, from reset on")
    parser.add_argument("--limit", metavar="N", type=count, default=10**6, help="instructions of --run (default: 1e6)")
    parser.add_argument("--merge", metavar="JSON", type=Path, nargs="+", help="add counts written by -o")
    parser.add_argument("-o", dest="output", metavar="JSON", type=Path, help="write the counts, to be merged")
    parser.add_argument("--html", metavar="FILE", type=Path, help="write a page with all bins")
    parser.add_argument("--minimum", metavar="PERCENT", type=percentage, help="exit code 1 for less")
    parser.add_argument("--no-vectors", action="store_true", help="do not look for cases of missed bins")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    add_trace_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out `ext cover`; raises Failure."""
    from iss.extension import load_extensions
    from iss.extension.cover import Cover
    from iss.extension.load import architecture_with
    from iss.extension.reach import reach_all

    with failing(ExitCode.BAD_INPUT):
        covers = [Cover(extension) for extension in load_extensions(args.file)]
        _fill(covers, args)
        reaches: dict[str, Mapping[str, Reach]] = {}
        for cover in covers:
            architecture = architecture_with([cover.extension])
            for mnemonic, one in cover.instructions.items():
                missed = [each for each in one.bins.values() if not one.hits[each.name]]
                hits = one.hits.copy()
                reaches[mnemonic] = {} if args.no_vectors else reach_all(one, missed, architecture)
                one.hits = hits  # what the search itself has executed does not count
    score = _score(covers, reaches)
    hit, total = (sum(pair[place] for pair in score.values()) for place in (0, 1))
    percent = 100 * hit / total if total else 100.0
    _write(args, covers, reaches, score)
    if args.json:
        print(json.dumps(_plain(covers, reaches, score, percent), indent=2))
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(covers, reaches, score))
        print(f"{hit} of {total} bins, {percent:.1f} %")
    return ExitCode.FAILED if args.minimum is not None and percent < args.minimum else ExitCode.OK


def _fill(covers: Sequence[Cover], args: argparse.Namespace) -> None:
    """Run what is asked for."""
    from iss.errors import NeuroHartError
    from iss.extension.cover_runs import add_file, run_firmware, run_programs, run_tests
    from iss.extension.cover_trace import run_trace
    from iss.extension.mutation_runs import find_tests
    from iss.loaders.files import load_image

    tests, programs = args.tests, args.programs
    if tests is None and programs is None and args.run is None and args.trace is None and args.merge is None:
        try:
            tests = find_tests(args.file)
        except NeuroHartError:
            programs = 100
    for path in args.merge or ():
        add_file(covers, path)
    for path in tests or ():
        if not path.exists():
            raise Failure(f"{path}: is not there; expected tests for pytest", ExitCode.NO_INPUT)
    if tests:
        run_tests(covers, tests)
    if programs or args.run or args.trace:
        for cover in covers:
            cover.watch()
    if programs:
        run_programs(covers, programs, args.seed, _progress)
    for path in args.run or ():
        run_firmware(covers, path, args.limit)
    for name in args.trace or ():
        run_trace(covers, open_trace(name, args), name, load_image(args.program) if args.program else None)


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{f'{done} of {total} programs' if done < total else ''}")
        sys.stderr.flush()


def _score(covers: Sequence[Cover], reaches: Mapping[str, Mapping[str, Reach]]) -> dict[str, tuple[int, int]]:
    """Return (hit, reachable) by mnemonic."""
    score = {}
    for cover in covers:
        for mnemonic, one in cover.instructions.items():
            never = sum(reach.status == "unreachable" for reach in reaches[mnemonic].values())
            score[mnemonic] = sum(bool(one.hits[name]) for name in one.bins), len(one.bins) - never
    return score


def _lines(
    covers: Sequence[Cover], reaches: Mapping[str, Mapping[str, Reach]], score: Mapping[str, tuple[int, int]]
) -> Iterator[str]:
    for cover in covers:
        for mnemonic, one in cover.instructions.items():
            hit, total = score[mnemonic]
            percent = 100 * hit / total if total else 100.0
            yield f"{mnemonic:<16} {one.executed:>9,} executed  {hit:>3} of {total:>3} bins  {percent:5.1f} %"
            for each in one.bins.values():
                if not one.hits[each.name]:
                    yield from _missed(each.name, reaches[mnemonic].get(each.name), one.definition)


def _missed(name: str, reach: Reach | None, definition: Any) -> Iterator[str]:
    from iss.extension.cases import describe_case

    if reach is not None and reach.status == "unreachable":
        yield f"  unreachable (proved)  {name}"
        return
    if reach is None or reach.case is None:
        yield f"  missed  {name}{'' if reach is None else '   (no case is known)'}"
        return
    yield f"  missed  {name}   {'; '.join(describe_case(reach.case, definition))}"


def _plain(
    covers: Sequence[Cover],
    reaches: Mapping[str, Mapping[str, Reach]],
    score: Mapping[str, tuple[int, int]],
    percent: float,
) -> dict[str, Any]:
    instructions = {}
    for cover in covers:
        for mnemonic, one in cover.instructions.items():
            missed = []
            for each in one.bins.values():
                reach = reaches[mnemonic].get(each.name)
                if not one.hits[each.name]:
                    case = reach.case.plain() if reach is not None and reach.case is not None else None
                    status = reach.status if reach is not None else "unknown"
                    missed.append({"bin": each.name, "group": each.group, "status": status, "case": case})
            instructions[mnemonic] = {
                "executed": one.executed,
                "hit": score[mnemonic][0],
                "bins": score[mnemonic][1],
                "hits": {name: one.hits[name] for name in one.bins if one.hits[name]},
                "missed": missed,
            }
    return {"percent": round(percent, 2), "instructions": instructions}


def _write(
    args: argparse.Namespace,
    covers: Sequence[Cover],
    reaches: Mapping[str, Mapping[str, Reach]],
    score: Mapping[str, tuple[int, int]],
) -> None:
    from iss.extension.cover_html import page

    texts: list[tuple[Path | None, Callable[[], str]]] = [
        (args.output, lambda: json.dumps([cover.plain() for cover in covers], indent=1) + "\n"),
        (args.html, lambda: page(covers, reaches, score)),
    ]
    for path, text in texts:
        if path is None:
            continue
        try:
            path.write_text(text(), encoding="utf-8")
        except OSError as error:
            raise Failure(f"{path}: cannot be written ({error.strerror})", ExitCode.WRITE_ERROR) from None
