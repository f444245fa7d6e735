"""`neurohart trace`: finds the sub-command that records, shows, converts, compares or counts traces."""

from __future__ import annotations

import argparse
from importlib import import_module

from iss.cli.exit_codes import ExitCode, Failure
from iss.cli.parsing import Parser

NAME = "trace"
HELP = "Record, show, convert and compare what a program did."
COMMANDS: dict[str, str] = {
    "record": "iss.cli.trace_record",
    "show": "iss.cli.trace_show",
    "stats": "iss.cli.trace_stats",
    "diff": "iss.cli.trace_diff",
    "convert": "iss.cli.trace_convert",
}
EXAMPLE = """\
commands:
  record   run a program and record it
  show     write the instructions of a trace, disassembled
  stats    count: mix of instructions, hottest places, calls, traps, commands, spikes
  diff     find the first difference of two traces
  convert  write a trace in another format

Every command that reads a trace reads all formats: see neurohart trace convert --help.

examples:
  neurohart trace record digits -o digits.nht
  neurohart trace show digits.nht --filter "mnem~nm & pc in main"
  neurohart trace diff ours.nht spike.log
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `trace`."""
    parser.usage = "neurohart trace COMMAND [OPTIONS]"
    parser.add_argument("command", metavar="COMMAND", help="one of those below")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="see neurohart trace COMMAND --help")


def run(args: argparse.Namespace) -> int:
    """Carry out the sub-command; raises Failure."""
    module_name = COMMANDS.get(args.command)
    if module_name is None:
        from difflib import get_close_matches

        near = get_close_matches(args.command, COMMANDS, n=1)
        cure = f"did you mean `neurohart trace {near[0]}`?" if near else f"expected one of {', '.join(COMMANDS)}"
        raise Failure(f"unknown command {args.command!r}; {cure}", ExitCode.USAGE)
    module = import_module(module_name)
    parser = Parser(f"neurohart trace {args.command}", module.HELP, module.EXAMPLE)
    module.add_arguments(parser)
    return int(module.run(parser.parse_args(args.arguments)))
