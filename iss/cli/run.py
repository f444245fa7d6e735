"""`neurohart run`: run a program and leave with its exit code."""

from __future__ import annotations

import argparse

from iss.cli.exit_codes import ExitCode, Failure
from iss.cli.options import add_program_arguments
from iss.cli.parsing import count
from iss.cli.recording import FORMATS

NAME = "run"
HELP = "Run a program and leave with its exit code."
EXAMPLE = """\
PROGRAM is an ELF, binary, Intel HEX or Verilog hex file, an assembly source (assembled in memory), a folder with a
program.toml, or the bare name of such a folder in ./programs.

The firmware's output goes to standard output, everything else to standard error. The exit code is the firmware's own,
or tells why the run ended: see neurohart --help.

examples:
  neurohart run firmware.elf                             run to the end
  neurohart run digits --form scalar --check             a program folder, compared with its expectation
  neurohart run firmware.elf --max-instructions 10M --trace log.txt
  neurohart run sensor.elf --device leds.py:Leds@0x10010000 --uart-input commands.txt
  neurohart run firmware.elf --quiet --json statistics.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `run`."""
    parser.usage = "neurohart run [OPTIONS] PROGRAM"
    streams = add_run_arguments(parser)
    streams.add_argument(
        "--signature", metavar="FILE", help="write begin_signature..end_signature as hexadecimal words"
    )
    streams.add_argument(
        "--dump-memory", nargs=2, metavar=("PLACE", "FILE"), action="append", default=[],
        help="write memory at the end; PLACE is SYMBOL[:LENGTH] or ADDRESS:LENGTH",
    )  # fmt: skip
    reports = parser.add_argument_group("reports")
    reports.add_argument(
        "--check", action="store_true", help="exit with 1 unless all is as expect.json of the folder says"
    )
    reports.add_argument("--trace", metavar="FILE", help="log every retired instruction; - for standard output")
    reports.add_argument("--trace-format", choices=FORMATS, help="default: nht for a file *.nht, else spike")
    reports.add_argument("--energy", metavar="PRESET", help="energy by the Xnm manual's model, or `list`")
    reports.add_argument(
        "--energy-report", action="store_true",
        help="energy by class of instruction and by symbol, too (slower; preset default22 unless --energy names one)",
    )  # fmt: skip
    reports.add_argument("--live", action="store_true", help="show registers, neurons and counters while it runs")
    reports.add_argument("--json", metavar="FILE", help="write the statistics; - for standard output")
    reports.add_argument("-q", "--quiet", action="store_true", help="no statistics, no progress")


def add_run_arguments(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add the options of all commands that run a program to its end; returns the group of input and output for more."""
    machine = add_program_arguments(parser)
    machine.add_argument("--max-instructions", type=count, metavar="N", help="stop after N (5000, 1e6, 10M), code 124")
    streams = parser.add_argument_group("input and output")
    streams.add_argument("--uart", metavar="FILE", default="-", help="console output: - (default), a file, or null")
    streams.add_argument("--uart-input", metavar="FILE", help="console input: a file, or - for standard input")
    return streams


def run(args: argparse.Namespace) -> int:
    """Carry out `run`; raises Failure."""
    if args.timing == "list" or args.energy == "list":
        from iss.cli import listings

        listings.print_timing_models() if args.timing == "list" else listings.print_energy_presets()
        return ExitCode.OK
    if args.program is None:
        raise Failure("no program given; expected neurohart run PROGRAM, see neurohart run --help", ExitCode.USAGE)
    from contextlib import ExitStack

    from iss.cli.session import Session

    with ExitStack() as stack:
        return Session(args, stack).run()
