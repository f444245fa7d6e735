"""`python -m tools.bench [SUITE] ...`; without a name the first suite."""

from __future__ import annotations

import argparse
import sys

from tests.oracles.building import BuildError
from tests.oracles.toolchain import ToolMissing
from tools.bench import debugger, simulator, startup, trace, workbench
from tools.bench.coprocessor import command as coprocessor
from tools.bench.errors import WrongResult

COMMANDS = {
    "simulator": simulator,
    "startup": startup,
    "trace": trace,
    "debugger": debugger,
    "coprocessor": coprocessor,
    "workbench": workbench,
}


def main() -> int:
    """Parse the command line and run one benchmark; problems are one message and exit code 1."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench", description="Benchmarks of the simulator and the coprocessor."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=(module.__doc__ or "").partition("\n")[0], description=module.__doc__)
        module.add_arguments(command)
    words = sys.argv[1:]
    if not words or (words[0] not in COMMANDS and words[0] not in ("-h", "--help")):
        words = ["simulator", *words]
    arguments = parser.parse_args(words)
    try:
        return int(COMMANDS[arguments.command].main(arguments))
    except (ToolMissing, WrongResult, BuildError, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
