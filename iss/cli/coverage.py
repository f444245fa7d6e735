"""`neurohart coverage`: which source lines and branches of the firmware were executed."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from iss.cli.exit_codes import ExitCode, Failure, failing
from iss.cli.parsing import percentage

if TYPE_CHECKING:
    from iss.machine import Machine
    from iss.trace.coverage.lines import Coverage
    from iss.trace.reader import Trace

NAME = "coverage"
HELP = "Show which source lines and branches of the firmware were executed."
EXAMPLE = """\
PROGRAM is what `neurohart run` takes, and is run; or a recorded trace of any format; or coverage of an earlier run
(.info, also of other tools). Of several the coverage is merged by source line. Nothing is put into the firmware.

The exit code is the firmware's if it is not 0, else 1 if the coverage is below --fail-under.

examples:
  neurohart coverage digits
  neurohart coverage firmware.elf --html report --exclude "*/lib/*"
  neurohart coverage tests/a.elf tests/b.elf earlier.info -o all.info --fail-under 90 --fail-under-branches 80
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `coverage`."""
    from iss.cli.watching import add_subject_arguments

    parser.usage = "neurohart coverage [OPTIONS] PROGRAM..."
    add_subject_arguments(parser)
    parser.add_argument("more", metavar="PROGRAM", nargs="*", help="more of them, to be merged")
    group = parser.add_argument_group("coverage")
    group.add_argument("-o", "--output", metavar="FILE", help="write lcov's format, for genhtml and others (.info)")
    group.add_argument("--html", metavar="FOLDER", help="write pages with all sources")
    group.add_argument("--include", metavar="GLOB", action="append", default=[], help="only sources whose path fits")
    group.add_argument("--exclude", metavar="GLOB", action="append", default=[], help="no sources whose path fits")
    group.add_argument(
        "--fail-under", type=percentage, metavar="PERCENT", help="exit with 1 if fewer lines were executed"
    )
    group.add_argument(
        "--fail-under-branches",
        type=percentage,
        metavar="PERCENT",
        help="likewise for the ways of branches",
    )
    group.add_argument("--json", action="store_true", help="one JSON object instead of a table")


def run(args: argparse.Namespace) -> int:
    """Carry out `coverage`; raises Failure."""
    if args.program is None:
        raise Failure("no program given; expected neurohart coverage PROGRAM", ExitCode.USAGE)
    if args.output is not None:
        from iss.cli.dumps import check_directory

        check_directory(args.output)
    from iss.trace.coverage.lines import Coverage

    found, codes = Coverage(), []
    for name in (args.program, *args.more):
        part, code = _one(args, name)
        found.merge(part)
        codes.append(code)
    found = found.only(lambda path: _wanted(path, args))
    if not found.files:
        raise Failure("no source file is left; see --include and --exclude", ExitCode.USAGE)
    _write_files(args, found)
    if args.json:
        from iss.cli.coverage_table import plain

        print(json.dumps(plain(found), indent=2))
    else:
        from iss.cli.coverage_table import show

        show(found, sys.stdout)
    return next((code for code in codes if code), ExitCode.OK) or _verdict(args, found)


class _Counted:
    """The executions of a run or trace."""

    def __init__(self, trace: Trace, machine: Machine | None) -> None:
        from iss.trace.coverage.collect import Executions

        self.executions = Executions(trace)
        self.take, self.finish = self.executions.take, self.executions.finish


def _one(args: argparse.Namespace, name: str) -> tuple[Coverage, int]:
    """The coverage of a program, trace or file of lcov, and the exit code of the program."""
    from iss.cli.watching import look
    from iss.trace.coverage.lines import coverage
    from iss.trace.formats import lcov

    try:
        with open(name, "rb") as file:
            if args.input_format is None and args.format is None and lcov.fits(file.read(16)):
                with failing(ExitCode.BAD_INPUT):
                    return lcov.read(name), ExitCode.OK
    except OSError:
        pass  # a folder, or a name that is told as missing below
    made, code = look(args, name, NAME, _Counted)
    with failing(ExitCode.BAD_INPUT):
        return coverage(made.executions), code


def _wanted(path: str, args: argparse.Namespace) -> bool:
    from fnmatch import fnmatch

    included = not args.include or any(fnmatch(path, pattern) for pattern in args.include)
    return included and not any(fnmatch(path, pattern) for pattern in args.exclude)


def _write_files(args: argparse.Namespace, found: Coverage) -> None:
    if args.output is not None:
        import io

        from iss.cli.dumps import write_file
        from iss.trace.formats import lcov

        text = io.StringIO()
        lcov.write(found, text)
        write_file(args.output, text.getvalue().encode())
    if args.html is not None:
        from iss.cli.coverage_html import write_pages

        write_pages(found, args.html)


def _verdict(args: argparse.Namespace, found: Coverage) -> int:
    from iss.trace.coverage.lines import FileCoverage

    code = ExitCode.OK
    for what, least, of in (
        ("lines", args.fail_under, FileCoverage.line_rate),
        ("branches", args.fail_under_branches, FileCoverage.branch_rate),
    ):
        rate = found.rate(of.__get__)
        if least is not None and rate.percent < least:
            text = f"{rate.percent:.1f} % of the {what} are covered, less than {least:g} %"
            print(f"neurohart coverage: {text}", file=sys.stderr)
            code = ExitCode.FAILED
    return code
