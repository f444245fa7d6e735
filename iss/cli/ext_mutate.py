"""`neurohart ext mutate`: how many small faults of an extension its own tests find."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from iss.cli.exit_codes import ExitCode, Failure, failing
from iss.cli.parsing import percentage

if TYPE_CHECKING:
    from iss.extension.mutation_runs import Fate, Score

HELP = "Plant faults in an extension, one at a time, and see which of them its tests find."
EXAMPLE = """\
Each mutant is the extension with one small fault: < for <=, a constant one off, a write left out, another sign, width,
register, index, order. The tests (test_NAME.py beside the file) run for each until one fails. Of the mutants that
survive, z3 proves those equivalent that no test can tell; for the others a case that would is shown.

examples:
  neurohart ext mutate xspk.py
  neurohart ext mutate xspk.py --tests tests/ --minimum 95
  neurohart ext mutate xspk.py --only spk.lif --list

exit code: 0, or 1 if the score is below --minimum
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `ext mutate`."""
    parser.usage = "neurohart ext mutate [OPTIONS] FILE"
    parser.add_argument("file", metavar="FILE", type=Path, help="an extension file")
    parser.add_argument(
        "--tests", metavar="PATH", type=Path, action="append", help="test file or folder (default: test_NAME.py)"
    )
    parser.add_argument("--only", metavar="MNEMONIC", help="mutants of one instruction")
    parser.add_argument("--minimum", metavar="PERCENT", type=percentage, help="exit code 1 for a lower score")
    parser.add_argument("--seconds", metavar="S", type=float, default=600.0, help="start no run after (default: 600)")
    parser.add_argument("--jobs", metavar="N", type=int, default=os.cpu_count() or 1, help="runs at a time")
    parser.add_argument("--list", action="store_true", help="only list the mutants")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace) -> int:
    """Carry out `ext mutate`; raises Failure."""
    from iss.extension import load_extensions
    from iss.extension.mutation_runs import find_tests, score

    with failing(ExitCode.BAD_INPUT):
        extensions = load_extensions(args.file)
        known = [definition.mnemonic for extension in extensions for definition in extension.instructions]
        if args.only is not None and args.only not in known:
            raise Failure(f"--only {args.only}: expected one of {', '.join(known)}", ExitCode.USAGE)
        if args.list:
            _list(extensions, args)
            return ExitCode.OK
        tests = args.tests or find_tests(args.file)
        for path in tests:
            if not path.exists():
                raise Failure(f"{path}: is not there; expected tests for pytest", ExitCode.NO_INPUT)
        result = score(extensions, tests, jobs=args.jobs, seconds=args.seconds, only=args.only, progress=_Progress())
    if args.json:
        print(json.dumps(_plain(result), indent=2))
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(result, known))
    return ExitCode.FAILED if args.minimum is not None and result.percent < args.minimum else ExitCode.OK


def _list(extensions: Any, args: argparse.Namespace) -> None:
    from iss.extension.mutation import mutants

    found = [
        (extension.name, mutant)
        for extension in extensions
        for definition in extension.instructions
        if args.only in (None, definition.mnemonic)
        for mutant in mutants(definition)
    ]
    if args.json:
        rows = [
            {"name": f"{name}:{mutant.name}", "line": mutant.line, "source": mutant.source, "fault": mutant.description}
            for name, mutant in found
        ]
        print(json.dumps(rows, indent=2))
        return
    for name, mutant in found:
        print(f"{name}:{mutant.name:<24} {mutant}")


def _lines(result: Score, order: list[str]) -> Iterator[str]:
    for mnemonic in order:
        fates = [fate for fate in result.fates if fate.mutant.original.mnemonic == mnemonic]
        if not fates:
            continue
        counts = {status: sum(fate.status == status for fate in fates) for status in _STATUSES}
        shown = ", ".join(f"{count} {_STATUSES[status]}" for status, count in counts.items() if count)
        alive = len(fates) - counts["equivalent"]
        percent = 100 * counts["killed"] / alive if alive else 100.0
        yield f"{mnemonic:<16} {len(fates):>4} mutants: {shown}   {percent:.1f} %"
        for fate in fates:
            if fate.status in ("survived", "unknown"):
                yield from _survivor(fate)
    if result.untried:
        yield f"{result.untried} mutants were not tried: the time was over"
    alive = len(result.fates) - result.count("equivalent")
    yield (
        f"score {result.percent:.1f} %: {result.count('killed')} of {alive} mutants killed "
        f"({result.count('equivalent')} more are equivalent) in {result.seconds:.1f} s"
    )


_STATUSES = {
    "killed": "killed",
    "equivalent": "equivalent (proved)",
    "survived": "survived",
    "unknown": "survived, perhaps equivalent",
}


def _survivor(fate: Fate) -> Iterator[str]:
    from iss.extension.cases import describe_case
    from iss.extension.killing import as_test

    yield f"  survived  {fate.mutant}"
    if fate.mutant.source:
        yield f"            {fate.mutant.source}"
    found = fate.killing
    if found is None or found.case is None or found.results is None:
        yield f"            no case that kills it is known: {fate.how}"
        return
    test = as_test(found, fate.mutant.original)
    if test:
        yield "            this test kills it:"
        yield from (f"                {line}" for line in test)
        return
    yield "            this case kills it:"
    for line in describe_case(found.case, fate.mutant.original):
        yield f"                {line}"
    for what, right, wrong in found.results[0].differences(found.results[1]):
        yield f"                {what}: {right}, the mutant {wrong}"


def _plain(result: Score) -> dict[str, Any]:
    from iss.extension.killing import as_test

    rows = []
    for fate in result.fates:
        row: dict[str, Any] = {
            "name": f"{fate.extension}:{fate.mutant.name}",
            "line": fate.mutant.line,
            "fault": fate.mutant.description,
            "status": fate.status,
            "how": fate.how,
        }
        if fate.killing is not None and fate.killing.case is not None:
            row["case"] = fate.killing.case.plain()
            row["test"] = as_test(fate.killing, fate.mutant.original)
        rows.append(row)
    return {
        "percent": round(result.percent, 2),
        "killed": result.count("killed"),
        "survived": result.count("survived"),
        "unknown": result.count("unknown"),
        "equivalent": result.count("equivalent"),
        "untried": result.untried,
        "seconds": round(result.seconds, 2),
        "mutants": rows,
    }


class _Progress:
    """A line on the terminal."""

    def __init__(self) -> None:
        self._wanted, self._start = sys.stderr.isatty(), monotonic()

    def __call__(self, done: int, total: int, survived: int) -> None:
        if not self._wanted:
            return
        left = (monotonic() - self._start) / done * (total - done)
        text = f"{done} of {total} mutants, {survived} survived, {left:.0f} s left"
        sys.stderr.write(f"\r\x1b[K{text if done < total else ''}")
        sys.stderr.flush()
