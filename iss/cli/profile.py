"""`neurohart profile`: where the instructions, cycles and the energy of a program go."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from iss.cli.exit_codes import ExitCode, Failure
from iss.cli.parsing import count

if TYPE_CHECKING:
    from coprocessor.energy import EnergyPreset
    from iss.machine import Machine
    from iss.trace.profile.stacks import Profile
    from iss.trace.reader import Trace

NAME = "profile"
HELP = "Show where the instructions, cycles and the energy of a program go."
EXAMPLE = """\
PROGRAM is what `neurohart run` takes, and is run; or a recorded trace of any format, which is read. Nothing is put into
the firmware. The tables go to standard output, the firmware's output to standard error.

Files of -o by their suffix: .svg flame graph, .folded stacks, .callgrind for KCachegrind, .json; - is folded stacks.

examples:
  neurohart profile digits
  neurohart profile digits --by energy --energy sne22 -o flames.svg -o digits.callgrind
  neurohart profile firmware.elf --annotate main
  neurohart profile digits.nht --calls --rows 40
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `profile`."""
    from iss.cli.watching import add_subject_arguments
    from iss.trace.profile.costs import MEASURES

    parser.usage = "neurohart profile [OPTIONS] PROGRAM"
    add_subject_arguments(parser)
    group = parser.add_argument_group("profile")
    group.add_argument("--by", choices=MEASURES, help="what counts (default: cycles, if they are known)")
    group.add_argument(
        "--energy", metavar="PRESET", help="with energies, see neurohart run --energy list (--by energy: default22)"
    )
    group.add_argument("-o", "--output", metavar="FILE", action="append", default=[], help="write a file, see below")
    group.add_argument("--rows", type=count, metavar="N", default=20, help="rows of each table (default: %(default)s)")
    group.add_argument("--calls", action="store_true", help="who calls whom")
    group.add_argument(
        "--annotate", metavar="SYMBOL", action="append", default=[], help="source and instructions of a function"
    )
    group.add_argument("--json", action="store_true", help="one JSON object instead of tables")


def run(args: argparse.Namespace) -> int:
    """Carry out `profile`; raises Failure."""
    if args.program is None:
        raise Failure("no program given; expected neurohart profile PROGRAM", ExitCode.USAGE)
    formats = {name: _format(name) for name in args.output}
    preset = _preset(args)
    from iss.cli.watching import look
    from iss.trace.profile.stacks import Profile

    made, code = look(args, args.program, NAME, _Counted)
    if not made.counted.own:
        raise Failure(f"{args.program}: no instruction has retired, so there is nothing to show", ExitCode.FAILED)
    measure = args.by or ("cycles" if made.counted.trace.has("cycle") else "instructions")
    profile = Profile.of(made.counted, preset, measure)
    for name, format in formats.items():
        _write(name, format, profile)
    if args.json:
        from iss.trace.profile.tables import summary

        print(json.dumps(summary(profile), indent=2))
    elif args.annotate:
        from iss.cli.profile_source import show_annotated

        for symbol in args.annotate:
            show_annotated(profile, symbol, made.machine)
    elif "-" not in formats:
        from iss.cli.profile_tables import show_calls, show_functions

        show_functions(profile, args.rows)
        if args.calls:
            show_calls(profile, args.rows)
    return code


class _Counted:
    """What was counted of a run or trace, and the machine of the run."""

    def __init__(self, trace: Trace, machine: Machine | None) -> None:
        from iss.trace.profile.collect import Collector

        self.counted, self.machine = Collector(trace), machine
        self.take, self.finish = self.counted.take, self.counted.finish


def _preset(args: argparse.Namespace) -> EnergyPreset | None:
    if args.energy is None and args.by != "energy":
        return None
    from coprocessor.energy import DEFAULT_PRESET
    from iss.cli.energy import find_preset

    return find_preset(args.energy or DEFAULT_PRESET)


def _format(name: str) -> str:
    """The format of a file by its name; refuses now what cannot be written at the end."""
    from iss.cli.dumps import check_directory
    from iss.trace.formats import OF_PROFILES, WRITERS

    if name == "-":
        return "folded"
    suffixes = {WRITERS[format][0]: format for format in OF_PROFILES} | {".json": "json"}
    for suffix, format in suffixes.items():
        if name.endswith(suffix):
            check_directory(name)
            return format
    raise Failure(f"{name}: the name tells no format; end it with one of {', '.join(suffixes)}", ExitCode.USAGE)


def _write(name: str, format: str, profile: Profile) -> None:
    import io

    from iss.cli.dumps import write_file
    from iss.trace.formats import write_profile

    text = io.StringIO()
    if format == "json":
        from iss.trace.profile.tables import summary

        json.dump(summary(profile), text, indent=2)
    else:
        write_profile(profile, text, format)
    if name == "-":
        sys.stdout.write(text.getvalue())
    else:
        write_file(name, text.getvalue().encode())
