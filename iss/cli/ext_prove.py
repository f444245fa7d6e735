"""`neurohart ext prove`: two implementations of an instruction compared, with how sure the answer is."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING

from iss.cli.exit_codes import ExitCode, Failure, failing
from iss.cli.parsing import count

if TYPE_CHECKING:
    from iss.extension.prove import Limits, Verdict

HELP = "Prove that two implementations of an instruction are equal, or find a machine on which they are not."
EXAMPLE = """\
A and B are FILE.py (all its instructions), FILE.py:MNEMONIC, the mnemonic of an instruction of ours, or of B also
FILE.c:FUNCTION and FILE.py:FUNCTION, whose parameters are named as the operands. With A alone, what its file says is
proved: the declared widths of operands, and the second implementations of each instruction.

verdicts:
  proved (SMT, 0.06 s)                        for every machine, by z3
  proved (exhaustive, 2^32 cases, 15 s)       all operands and state were run
  tested 10^8, not proved (9.1 s)             random and corner cases agree: no proof
  different (...)                             with the machine before and both results

examples:
  neurohart ext prove xspk.py
  neurohart ext prove xspk.py:spk.lif xspk.c:spk_lif
  neurohart ext prove ours.py theirs.py --require proved
  neurohart ext prove srl sra

exit code: 0 if nothing differs (with --require proved: if all is proved), else 1
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `ext prove`."""
    parser.usage = "neurohart ext prove [OPTIONS] A [B]"
    parser.add_argument("subject", metavar="A", help="what is compared")
    parser.add_argument("other", metavar="B", nargs="?", help="with what")
    parser.add_argument("--smt-seconds", type=float, metavar="S", default=20.0, help="time of z3 (default: 20)")
    parser.add_argument(
        "--exhaustive-bits", type=int, metavar="N", default=32, help="run all cases up to 2^N (default: 32)"
    )
    parser.add_argument("--cases", type=count, metavar="N", default=10**8, help="random cases (default: 1e8)")
    parser.add_argument("--seconds", type=float, metavar="S", default=60.0, help="time of random cases (default: 60)")
    parser.add_argument("--seed", type=count, metavar="N", default=1, help="of random cases (default: 1)")
    parser.add_argument("--require", choices=("equal", "proved"), default="equal", help="what exit code 0 needs")
    parser.add_argument("--json", action="store_true", help="one JSON list of verdicts")


def run(args: argparse.Namespace) -> int:
    """Carry out `ext prove`; raises Failure."""
    from iss.extension.prove import Limits

    if not 0 <= args.exhaustive_bits <= 40:
        raise Failure(f"--exhaustive-bits {args.exhaustive_bits}: expected 0 to 40", ExitCode.USAGE)
    limits = Limits(args.smt_seconds, args.exhaustive_bits, args.cases, args.seconds, args.seed)
    found: list[Verdict] = []
    with failing(ExitCode.BAD_INPUT):
        for verdict in _verdicts(args, limits):
            found.append(verdict)
            if not args.json:
                sys.stdout.writelines(f"{line}\n" for line in _lines(verdict))
                sys.stdout.flush()
    if args.json:
        print(json.dumps([verdict.plain() for verdict in found], indent=2))
    elif not found:
        print(f"{args.subject} declares no operand widths and no second implementations: name one, as B")
    wrong = [verdict for verdict in found if verdict.different]
    unproved = [verdict for verdict in found if not verdict.proved]
    if not args.json and found:
        print(f"{len(found) - len(unproved)} proved, {len(unproved) - len(wrong)} not proved, {len(wrong)} different")
    failed = unproved if args.require == "proved" else wrong
    return ExitCode.FAILED if failed else ExitCode.OK


def _verdicts(args: argparse.Namespace, limits: Limits) -> Iterator[Verdict]:
    from iss.extension.subjects import find_side, find_subjects, side_label, verdicts

    progress = _Progress()
    for subject in find_subjects(args.subject):
        if args.other is None:
            yield from verdicts(subject, limits, progress)
        else:
            side = find_side(args.other, subject)
            claim = f"equals {args.other if ':' in args.other else side_label(side)}"
            yield subject.prover(limits, progress).equal(side, claim)
        progress.erase()


def _lines(verdict: Verdict) -> Iterator[str]:
    from iss.extension.cases import describe_case

    mark = "FAIL" if verdict.different else "  ok" if verdict.grade != "untried" else "    "
    yield f"{mark} {verdict.subject} {verdict.claim}: {verdict.text()}"
    for note in verdict.notes:
        yield f"       {note}"
    if verdict.case is None or verdict.results is None or verdict.definition is None:
        return
    for line in describe_case(verdict.case, verdict.definition):
        yield f"       {line}"
    for what, ours, theirs in verdict.results[0].differences(verdict.results[1]):
        yield f"       {what}: {ours}, the other {theirs}"


class _Progress:
    """A line on the terminal, while many cases run."""

    def __init__(self) -> None:
        self._wanted = sys.stderr.isatty()
        self._start = monotonic()
        self._shown = False
        self._what = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        if what != self._what:
            self._what, self._start = what, monotonic()
        spent = monotonic() - self._start
        if not self._wanted or spent < 0.5:
            return
        left = spent * (total - done) / max(done, 1)
        sys.stderr.write(f"\r\x1b[K{what} {100 * done / total:.0f} %, {done / spent:,.0f}/s, {left:.0f} s left")
        sys.stderr.flush()
        self._shown = True

    def erase(self) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False
