"""Commands that have commands of their own: `neurohart trace ...`, `neurohart ext ...`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from importlib import import_module

from iss.cli.exit_codes import ExitCode, Failure
from iss.cli.parsing import Parser


def add_group_arguments(parser: argparse.ArgumentParser, group: str) -> None:
    """Add the arguments of a command that only finds its sub-command."""
    parser.usage = f"neurohart {group} COMMAND [OPTIONS]"
    parser.add_argument("command", metavar="COMMAND", help="one of those below")
    parser.add_argument(
        "arguments", nargs=argparse.REMAINDER, metavar="...", help=f"see neurohart {group} COMMAND --help"
    )


def run_sub_command(args: argparse.Namespace, group: str, commands: Mapping[str, str]) -> int:
    """Carry out the sub-command, whose module is imported by its name in `commands`; raises Failure."""
    module_name = commands.get(args.command)
    if module_name is None:
        from difflib import get_close_matches

        near = get_close_matches(args.command, commands, n=1)
        cure = f"did you mean `neurohart {group} {near[0]}`?" if near else f"expected one of {', '.join(commands)}"
        raise Failure(f"unknown command {args.command!r}; {cure}", ExitCode.USAGE)
    module = import_module(module_name)
    parser = Parser(f"neurohart {group} {args.command}", module.HELP, module.EXAMPLE)
    module.add_arguments(parser)
    return int(module.run(parser.parse_args(args.arguments)))
