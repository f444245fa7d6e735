"""`neurohart trace record`: run a program and record what it does."""

from __future__ import annotations

import argparse
from contextlib import ExitStack

from iss.cli import run as run_command
from iss.cli.exit_codes import ExitCode, Failure
from iss.cli.parsing import count
from iss.cli.recording import OWN, RunTrace
from iss.cli.session import Session
from iss.cli.streams import Output
from iss.machine import End, Outcome

HELP = "Run a program and record it."
EXAMPLE = """\
Takes the options of `neurohart run`. The file has every instruction that retired with what it wrote and accessed,
traps, interrupts, commands to the coprocessor with their cycles, and spikes. A recording that is killed is readable up
to the last part that was written.

examples:
  neurohart trace record firmware.elf                            writes firmware.nht
  neurohart trace record firmware.elf -o part.nht --start 1M --limit 100k
  neurohart trace record firmware.elf --ring 10k                 the last 10,000 instructions, for instance of a crash
  neurohart trace record firmware.elf --filter "pc in main | trap"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `trace record`."""
    run_command.add_arguments(parser)
    parser.usage = "neurohart trace record [OPTIONS] PROGRAM"
    group = parser.add_argument_group("recording")
    group.add_argument("-o", "--output", metavar="FILE", help="where to (default: the program's name with .nht)")
    add_part_arguments(group)
    group.add_argument("--ring", type=count, metavar="N", help="keep the last N instructions only")
    group.add_argument("--filter", metavar="FILTER", help="record these instructions only: see trace show --help")
    group.add_argument("--no-spikes", action="store_true", help="without the spikes of the coprocessor")
    group.add_argument("--keep-going", action="store_true", help="let the run go on where the trace cannot be written")


def add_part_arguments(group: argparse._ArgumentGroup) -> None:
    """Add the options that choose a part of a run."""
    group.add_argument("--start", type=count, metavar="N", default=0, help="begin after N instructions")
    group.add_argument("--limit", type=count, metavar="N", help="end the run when N instructions are recorded")


def run(args: argparse.Namespace) -> int:
    """Carry out `trace record`; raises Failure."""
    if args.program is None:
        raise Failure("no program given; expected neurohart trace record PROGRAM", ExitCode.USAGE)
    if args.trace is not None or args.trace_format is not None:
        raise Failure("--trace is for neurohart run; give the file with -o", ExitCode.USAGE)
    if args.ring is not None and args.ring < 1:
        raise Failure("--ring 0 keeps nothing; give the number of instructions to keep", ExitCode.USAGE)
    args.trace = args.output or _file_name(args.program)
    args.trace_format = OWN
    with ExitStack() as stack:
        return RecordingSession(args, stack).run()


def _file_name(program: str) -> str:
    from pathlib import Path

    path = Path(program)
    return (path.name if path.is_dir() else path.stem) + f".{OWN}"


class RecordingSession(Session):
    """A run of which a part is recorded."""

    def _observe(self) -> None:
        start = self.args.start
        if start:
            outcome = self.machine.run(start, self._obey)
            if outcome.end is not End.LIMIT:
                raise Failure(
                    f"the program ended after {self.machine.hart.retired} instructions ({outcome.reason}), "
                    f"before --start {start}",
                    ExitCode.FAILED,
                )
        super()._observe()
        if self.args.limit is not None:
            self.args.max_instructions = self.machine.hart.retired + self.args.limit

    def _verdict(self, outcome: Outcome, failed: Output | RunTrace | None) -> tuple[int, str]:
        if outcome.end is End.LIMIT and self.args.limit is not None and failed is None:
            return ExitCode.OK, ""
        return super()._verdict(outcome, failed)
