"""What `run` and `debug` have in common: the options that choose a program and a machine, and the machine they make."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable

from iss.cli.exit_codes import ExitCode, failing
from iss.cli.parsing import address, count, definition, size
from iss.cli.target import FORMAT_NAMES, Choices, Target, open_target
from iss.errors import SlowEngineWarning
from iss.machine import ENGINES, Machine
from iss.memory.console import ConsoleInput
from iss.memory.map import MemoryMap


def add_program_arguments(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add the options of program and machine; returns the group of the machine for more."""
    parser.add_argument("program", metavar="PROGRAM", nargs="?", help="what to run, see below")
    what = parser.add_argument_group("program")
    what.add_argument("--form", metavar="NAME", help="form of a program folder (default: what program.toml says)")
    what.add_argument("--format", choices=FORMAT_NAMES, help="format of a file (default: told by content and suffix)")
    what.add_argument("--base", type=address, metavar="ADDRESS", help="where a flat binary or a source goes")
    what.add_argument(
        "-D", "--define", metavar="NAME[=VALUE]", type=definition, action="append", default=[],
        help="define a symbol for sources",
    )  # fmt: skip
    machine = parser.add_argument_group("machine")
    machine.add_argument("--engine", choices=ENGINES, default="auto", help="how to simulate (default: %(default)s)")
    machine.add_argument("--isa", metavar="ISA", help="instruction set, such as rv32im_zicsr_zifencei_zicntr (default)")
    machine.add_argument("--timing", metavar="MODEL", default="ideal", help="cycle costs, or `list` (default: ideal)")
    machine.add_argument("--lanes", type=count, metavar="N", help="elements a cycle of the coprocessor (default: 4)")
    machine.add_argument("--ram", type=size, metavar="SIZE", help="size of the RAM (default: 64M)")
    machine.add_argument(
        "--misaligned", choices=("emulate", "trap"), default="trap", help="misaligned loads and stores (default: trap)"
    )
    machine.add_argument(
        "--device", metavar="SPEC", action="append", default=[], help="add a device: FILE.py:CLASS@ADDRESS"
    )
    machine.add_argument("--boot-as-spike", action="store_true", help="start from Spike's boot ROM, with its marchid")
    return machine


def open_program(args: argparse.Namespace) -> tuple[Target, MemoryMap]:
    """Find, load or assemble the program of the command line. Raises Failure."""
    memory_map = MemoryMap()
    if args.ram is not None:
        with failing(ExitCode.USAGE):
            memory_map = memory_map.with_ram(size=args.ram)
    choices = Choices(args.isa, args.form, args.format, args.base, tuple(args.define))
    return open_target(args.program, choices, memory_map), memory_map


def build_machine(
    args: argparse.Namespace,
    target: Target,
    memory_map: MemoryMap,
    console: Callable[[bytes], object],
    console_input: ConsoleInput,
) -> Machine:
    """The machine of the command line with its devices and the program loaded. Raises Failure."""
    with failing(ExitCode.USAGE), warnings.catch_warnings():
        warnings.simplefilter("ignore", SlowEngineWarning)  # said below, as the command line speaks
        machine = Machine(
            target.isa,
            args.engine,
            timing=args.timing,
            memory_map=memory_map,
            misaligned=args.misaligned == "emulate",
            console=console,
            console_input=console_input,
            lanes=args.lanes,
        )
    if machine.note is not None:
        print(f"neurohart: {machine.note}", file=sys.stderr)
    with failing(ExitCode.BAD_INPUT):
        for spec in args.device:
            from iss.memory.plugins import load_device

            base, device = load_device(spec)
            machine.attach(base, device, spec)
        machine.load(target.image)
    if args.boot_as_spike:
        machine.boot_as_spike()
    return machine
