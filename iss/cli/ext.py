"""`neurohart ext`: finds the sub-command of the workbench for custom instructions."""

from __future__ import annotations

import argparse

from iss.cli.groups import add_group_arguments, run_sub_command

NAME = "ext"
HELP = "Define, check, test and prove a custom instruction-set extension."
COMMANDS: dict[str, str] = {
    "new": "iss.cli.ext_new",
    "check": "iss.cli.ext_check",
    "show": "iss.cli.ext_show",
    "export": "iss.cli.ext_export",
    "filter": "iss.cli.ext_filter",
    "whatif": "iss.cli.ext_whatif",
    "test": "iss.cli.ext_test",
    "prove": "iss.cli.ext_prove",
    "dii": "iss.cli.ext_dii",
    "mutate": "iss.cli.ext_mutate",
    "cover": "iss.cli.ext_cover",
}
EXAMPLE = """\
commands:
  new      write a template: three working instructions and their test
  check    encodings, clashes with all that is known, free slots, names, documentation
  show     bits, meaning, generated C, costs, results for extreme operands
  export   C header, assembler macros, documents, riscv-opcodes, UDB, CoreDSL, Spike
  filter   names in the output of objdump and in logs of Spike
  whatif   cycles and energy of a recorded run under other costs
  test     random programs on all engines and other implementations; what differs is shrunk
  prove    whether two implementations of an instruction are equal, and how sure that is
  dii      let a verification engine inject instructions (RVFI-DII)
  mutate   how many planted faults the tests of an extension find
  cover    which corners of an extension were executed, and how to get to the others

examples:
  neurohart ext new xspk
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `ext`."""
    add_group_arguments(parser, NAME)


def run(args: argparse.Namespace) -> int:
    """Carry out the sub-command; raises Failure."""
    return run_sub_command(args, NAME, COMMANDS)
