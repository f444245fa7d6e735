"""`neurohart trace`: finds the sub-command that records, shows, converts, compares or counts traces."""

from __future__ import annotations

import argparse

from iss.cli.groups import add_group_arguments, run_sub_command

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
    add_group_arguments(parser, NAME)


def run(args: argparse.Namespace) -> int:
    """Carry out the sub-command; raises Failure."""
    return run_sub_command(args, NAME, COMMANDS)
