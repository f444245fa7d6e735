"""`neurohart ext test`: random programs on the definition and on another implementation, and what differs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from iss.cli.exit_codes import ExitCode, Failure, failing
from iss.cli.parsing import count

if TYPE_CHECKING:
    from iss.extension.extension import Extension
    from iss.extension.keep import Report
    from iss.extension.lockstep import Session

HELP = "Run random programs on an extension's definition and on its other implementations, and shrink what differs."
EXAMPLE = """\
Programs mix the extension's instructions, its CSRs, the base ISA and traps, on corner values. The definition runs on
both engines. WHAT is an implementation that the file names (all of them if none is given), `engines` for the
definition alone, a file (.c, .so, .py, .v), an ISA string whose own instructions are compared, or the command of
another simulator, with {elf} for the program.

examples:
  neurohart ext test xspk.py                             every implementation in the file, 5 seconds each
  neurohart ext test xspk.py --against c --seconds 60
  neurohart ext test xspk.py --against ../spk.c --programs 1000 --seed 3
  neurohart ext test xspk.py --against 'spike --isa={base} -m0x80000000:0x10000 --log-commits {elf}'
  neurohart ext test xspk.py --against c --replay 7:3    one program again

exit code: 0 if all agree, 1 if something differs
"""
_REDRAW = 0.25  # seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `ext test`."""
    parser.usage = "neurohart ext test [OPTIONS] FILE"
    parser.add_argument("file", metavar="FILE", help="an extension file")
    parser.add_argument("--against", metavar="WHAT", action="append", help="an implementation; may be repeated")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--seconds", type=_seconds, metavar="N", help="how long, each (default: 5)")
    length.add_argument("--programs", type=count, metavar="N", help="how many programs, each")
    length.add_argument("--replay", type=_replay, metavar="SEED:PROGRAM", help="one program, as a report names it")
    parser.add_argument("--seed", type=count, metavar="N", default=1, help="other programs (default: 1)")
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        type=Path,
        help="where counterexamples are kept (default: tests/counterexamples)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON list, an object for each implementation")


def _seconds(text: str) -> float:
    try:
        value = float(text)
        if not 0 < value < 1e7:
            raise ValueError
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; expected a number of seconds such as 30") from None
    return value


def _replay(text: str) -> tuple[int, int]:
    seed, colon, number = text.partition(":")
    if not (colon and seed.isdigit() and number.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is no program; expected SEED:PROGRAM such as 7:3")
    return int(seed), int(number)


def run(args: argparse.Namespace) -> int:
    """Carry out `ext test`; raises Failure."""
    from iss.extension import load_extensions
    from iss.extension.implementations import ENGINES, implementation_specs

    with failing(ExitCode.BAD_INPUT):
        extensions = load_extensions(args.file)
    results = []
    for extension in extensions:
        for what in args.against or list(implementation_specs(extension)) or [ENGINES]:
            with failing(ExitCode.BAD_INPUT):
                results.append(_Test(args, extension, what).run())
    if args.json:
        print(json.dumps(results, indent=2))
    return ExitCode.FAILED if any(result["failures"] for result in results) else ExitCode.OK


class _Test:
    """One extension against one implementation."""

    def __init__(self, args: argparse.Namespace, extension: Extension, what: str) -> None:
        from iss.extension.implementations import find_implementation
        from iss.extension.lockstep import Session

        self.args, self.extension, self.what = args, extension, what
        seed, first = args.replay or (args.seed, 0)
        self.first: int = first
        self.programs = 1 if args.replay else args.programs
        self.seconds = None if self.programs is not None else args.seconds or 5.0
        self.session: Session = Session(extension, find_implementation(extension, what), seed)

    def run(self) -> dict[str, Any]:
        """Test; return the result for JSON, having printed it."""
        from iss.extension.keep import DEFAULT_FOLDER, Report, keep
        from iss.extension.load import architecture_with
        from iss.extension.shrink import shrink

        report: Report | None = None
        files: list[Path] = []
        try:
            for note in self.session.notes:
                print(f"note: {note}", file=sys.stderr)
            failure = self._first_failure()
            if failure is not None:
                architecture = architecture_with([self.extension])
                report = Report(self.extension, self.what, shrink(failure, architecture), architecture)
                try:
                    files = keep(report, self.args.output or DEFAULT_FOLDER)
                except OSError as error:
                    raise Failure(
                        f"the counterexample cannot be kept: {error}; choose another folder with -o",
                        ExitCode.WRITE_ERROR,
                    ) from None
            result = self._plain(report, files)
            if not self.args.json:
                for line in self._lines(report, files):
                    print(line)
            return result
        finally:
            self.session.close()

    def _first_failure(self) -> Any:
        with _Live(self) as live:
            for failure in self.session.run(self.first, self.programs, self.seconds):
                if failure is not None:
                    return failure
                live.update()
        return None

    def _plain(self, report: Report | None, files: list[Path]) -> dict[str, Any]:
        progress = self.session.progress
        return {
            "extension": self.extension.name,
            "against": self.what,
            "seed": self.session.programs.seed,
            "programs": progress.programs,
            "instructions": progress.instructions,
            "seconds": round(progress.seconds, 3),
            "executed": {name: progress.executed[name] for name in self._mnemonics()},
            "failures": [] if report is None else [report.plain() | {"files": [str(path) for path in files]}],
        }

    def _mnemonics(self) -> list[str]:
        return [found.definition.mnemonic for found in self.session.programs.instructions]

    def _lines(self, report: Report | None, files: list[Path]) -> Iterator[str]:
        if report is None:
            yield f"ok   {self.summary()}"
            executed = self.session.progress.executed
            missed = [name for name in self._mnemonics() if not executed[name]]
            if self._mnemonics():
                yield f"     executed: {', '.join(f'{name} {executed[name]:,}' for name in self._mnemonics())}"
            if missed:
                yield f"     never executed: {', '.join(missed)}"
            return
        yield report.title()
        yield from report.lines()
        if report.shrunk.note:
            yield f"note: {report.shrunk.note}"
        yield report.state_line()
        yield f"replay: {report.replay()}"
        yield f"kept: {', '.join(str(path) for path in files)}"

    def summary(self) -> str:
        """Return what has been done so far."""
        progress = self.session.progress
        speed = progress.instructions / max(progress.seconds, 1e-9)
        return (
            f"{self.extension.name} against {self.what}: {progress.programs:,} programs, {progress.instructions:,} "
            f"instructions in {progress.seconds:.1f} s ({speed:,.0f}/s), seed {self.session.programs.seed}"
        )

    def left(self) -> str:
        """Return how long it still takes."""
        progress = self.session.progress
        if self.seconds is not None:
            return f"{max(0.0, self.seconds - progress.seconds):.0f} s left"
        done = progress.programs / max(1, self.programs or 1)
        return f"{progress.seconds * (1 - done) / max(done, 1e-9):.0f} s left"


class _Live:
    """The line on a terminal that shows how a test gets on; gone at its end."""

    def __init__(self, test: _Test) -> None:
        self._test, self._wanted, self._last = test, sys.stderr.isatty() and not test.args.json, monotonic()
        self._live: Any = None

    def __enter__(self) -> _Live:
        if self._wanted:
            from rich.console import Console
            from rich.live import Live

            # No thread of its own: implementations are forked from this process.
            self._live = Live(console=Console(stderr=True), auto_refresh=False, transient=True)
            self._live.start()
        return self

    def update(self) -> None:
        """Redraw now and then."""
        if self._live is None or monotonic() - self._last < _REDRAW:
            return
        from rich.table import Table
        from rich.text import Text

        self._last = monotonic()
        executed = self._test.session.progress.executed
        table = Table.grid(padding=(0, 2))
        for name in self._test._mnemonics():
            table.add_row(Text(name, style="bold"), Text(f"{executed[name]:,}", justify="right"))
        head = Table.grid()
        head.add_row(Text(f"{self._test.summary()}, {self._test.left()}"))
        head.add_row(table)
        self._live.update(head, refresh=True)

    def __exit__(self, *error: object) -> None:
        if self._live is not None:
            self._live.stop()
