"""`neurohart debug`: look into a program while it runs, forwards and backwards."""

from __future__ import annotations

import argparse
import os
import re
import sys
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from iss.cli.exit_codes import ExitCode, Failure, failing
from iss.cli.options import add_program_arguments, build_machine, open_program
from iss.cli.parsing import count
from iss.errors import NeuroHartError

if TYPE_CHECKING:
    from coprocessor.energy import EnergyPreset
    from iss.loaders import Image
    from iss.trace.reader import Trace
    from iss.tui.commands.commander import Commander
    from iss.tui.state import State

NAME = "debug"
HELP = "Look into a program while it runs, forwards and backwards in time."
EXAMPLE = """\
PROGRAM is whatever `neurohart run` takes. On a terminal with Textual (pip install "neurohart[tui]") an application with
panes opens; otherwise, or with --plain, a prompt. `help` lists the commands, which are gdb's; capitals go backwards.

With --command, -x or --screenshot and without a terminal, the commands are run and that is all.

A trace (neurohart trace record) is debugged as the program that was recorded, without running it. With a program and
--trace the program runs, and the trace pane shows the file.

examples:
  neurohart debug programs/digits                            panes, or a prompt
  neurohart debug crash.nht                                  a trace, forwards and backwards
  neurohart debug fw.elf --trace fw.nht                      the program beside its trace
  neurohart debug --trace spike.log                          a trace of another tool
  neurohart debug fw.elf --plain --command "break main" --command continue
  neurohart debug fw.elf -x session.txt --screenshot screen.svg --size 200x55
"""
_TEXTUAL = "textual"
_ESCAPE_MS = "25"  # how long Textual waits whether an Escape is the beginning of another key; its own 100 are felt
_PICTURES = "250"  # Textual paints at most so many a second; with its 60 the second part of one waits 17 ms
_BLOCK = 65_536  # instructions of a trace's block
_PLAYED_CHECKPOINTS = 40  # going to a moment for the first time takes longer with more, going back with fewer
_SIZE = re.compile(r"(\d{2,3})x(\d{2,3})\Z")
_DEFAULT_SIZE = (160, 50)


def screen_size(text: str) -> tuple[int, int]:
    """Return (columns, lines) of WIDTHxHEIGHT."""
    from iss.tui.layout import SMALLEST

    found = _SIZE.match(text)
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    if size[0] < SMALLEST[0] or size[1] < SMALLEST[1]:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no size; expected WIDTHxHEIGHT, at least {SMALLEST[0]}x{SMALLEST[1]}, such as 160x50"
        )
    return size


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `debug`."""
    parser.usage = "neurohart debug [OPTIONS] PROGRAM"
    add_program_arguments(parser)
    group = parser.add_argument_group("debugger")
    group.add_argument("--plain", action="store_true", help="a prompt instead of panes")
    group.add_argument(
        "--command", metavar="CMD", action="append", default=[], help="run a command first (may be repeated)"
    )
    group.add_argument("-x", metavar="FILE", dest="scripts", action="append", default=[], help="run a file of commands")
    group.add_argument("--batch", action="store_true", help="leave after the commands")
    group.add_argument("--screenshot", metavar="FILE", help="write all panels at the end: .svg, else as text; leave")
    group.add_argument("--size", type=screen_size, metavar="WxH", help="size of pictures and of `screen` (160x50)")
    group.add_argument("--trace", metavar="FILE", help="a trace of any format; without PROGRAM it is played")
    group.add_argument("--uart-input", metavar="FILE", help="console input of the firmware")
    group.add_argument("--energy", metavar="PRESET", default="default22", help="energy preset (default: %(default)s)")
    group.add_argument(
        "--interval",
        type=count,
        metavar="N",
        default=None,
        help="instructions between the first checkpoints (10k; of a trace a fortieth)",
    )


def run(args: argparse.Namespace) -> int:
    """Carry out `debug`; raises Failure."""
    if args.program is None and args.trace is None:
        raise Failure("no program given; expected neurohart debug PROGRAM, see neurohart debug --help", ExitCode.USAGE)
    scripts = [(name, _script(name)) for name in args.scripts]
    with ExitStack() as stack:
        state = _state(args, stack)
        return _run(args, state, scripts)


def _script(name: str) -> list[str]:
    try:
        return Path(name).read_text("utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise Failure(f"-x {name}: cannot be read ({reason}); check the name", ExitCode.NO_INPUT) from None


def _state(args: argparse.Namespace, stack: ExitStack) -> State:
    """The machine of the command line, ready to be debugged."""
    from iss.cli.energy import find_preset
    from iss.debug.debugger import Debugger
    from iss.debug.history import INTERVAL, ReplayedConsole
    from iss.memory.console import ConsoleInput
    from iss.tui.state import State

    preset = find_preset(args.energy)
    if args.program is None or _is_trace(args.program):
        return _played(args, preset)
    data = b""
    if args.uart_input is not None:
        try:
            data = Path(args.uart_input).read_bytes()
        except OSError as error:
            text = f"--uart-input {args.uart_input}: cannot be read ({error.strerror}); check name and permissions"
            raise Failure(text, ExitCode.NO_INPUT) from None
    target, memory_map = open_program(args)
    for warning in target.warnings:
        print(warning, file=sys.stderr)
    console = ReplayedConsole()
    machine = build_machine(args, target, memory_map, console.write, ConsoleInput(data))
    with failing(ExitCode.USAGE):
        debugger = Debugger(machine, console, INTERVAL if args.interval is None else args.interval)
    trace = _trace(args.trace, args) if args.trace is not None else None
    return State(debugger, console, target.title, preset, trace)


def _is_trace(name: str) -> bool:
    """Whether a file is a trace of our own format."""
    from iss.trace.store import MAGIC

    try:
        with open(name, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def _played_interval(trace: Trace) -> int:
    """Whole blocks between checkpoints of a trace that is played: its length is known from the beginning."""
    return _BLOCK * max(1, -(-trace.count // (_BLOCK * _PLAYED_CHECKPOINTS)))


def _trace(name: str, args: argparse.Namespace) -> Trace:
    from iss.cli.trace_files import open_trace

    trace = open_trace(name, argparse.Namespace(input_format=None, isa=args.isa, program=None))
    if not trace.count:
        raise Failure(f"{name}: the trace has no instructions; record it again", ExitCode.BAD_INPUT)
    return trace


def _played(args: argparse.Namespace, preset: EnergyPreset) -> State:
    """A machine that plays a trace."""
    from iss.debug.debugger import Debugger
    from iss.debug.history import ReplayedConsole
    from iss.debug.playback import machine_of
    from iss.tui.state import State

    if args.program is not None and args.trace is not None:
        raise Failure(f"{args.program} is a trace already; leave out --trace {args.trace}", ExitCode.USAGE)
    if args.uart_input is not None:
        raise Failure("a trace takes no input; leave out --uart-input, or debug its program", ExitCode.USAGE)
    name = args.program or args.trace
    trace = _trace(name, args)
    console = ReplayedConsole()
    with failing(ExitCode.BAD_INPUT):
        machine = machine_of(trace, _recorded_program(trace), console.write)
        debugger = Debugger(machine, console, _played_interval(trace) if args.interval is None else args.interval)
    return State(debugger, console, name, preset, trace)


def _recorded_program(trace: Trace) -> Image | None:
    """The program a trace was recorded of, if it is still there as it was."""
    from hashlib import sha256

    from iss.loaders import load_image

    given = trace.description.get("program", {})
    try:
        if sha256(Path(given.get("path", "")).read_bytes()).hexdigest() != given.get("sha256"):
            return None
        return load_image(given["path"])
    except (OSError, NeuroHartError):
        return None


def _run(args: argparse.Namespace, state: State, scripts: list[tuple[str, list[str]]]) -> int:
    from iss.tui.commands.commander import Commander

    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    chosen = bool(args.command or scripts or args.screenshot)
    batch = args.batch or bool(args.screenshot) or (chosen and not terminal)
    drawable = terminal and sys.stderr.isatty()  # Textual draws on standard error
    panes = drawable and not batch and not args.plain and find_spec(_TEXTUAL) is not None
    size = args.size or _terminal_size()
    commander = Commander(state, *size)
    _talk(args, state, commander, scripts, batch=batch, panes=panes)
    if panes and not commander.quit:
        os.environ.setdefault("ESCDELAY", _ESCAPE_MS)
        os.environ.setdefault("TEXTUAL_FPS", _PICTURES)
        from iss.tui.app import DebuggerApp

        DebuggerApp(commander).run()
    return ExitCode.OK


def _talk(
    args: argparse.Namespace,
    state: State,
    commander: Commander,
    scripts: list[tuple[str, list[str]]],
    *,
    batch: bool,
    panes: bool,
) -> None:
    """Run the commands of the command line and, if wanted, those that are typed or piped in."""
    from iss.cli.signals import Signals
    from iss.tui.commands.look import write_picture
    from iss.tui.prompt import Prompt

    def guard() -> Signals:
        signals = Signals()
        signals.noted = state.debugger.interrupt
        return signals

    prompt = Prompt(commander, guard)
    with failing(ExitCode.FAILED):
        prompt.script(args.command)
        for name, lines in scripts:
            prompt.script(lines, name)
        if not batch and not panes:
            if sys.stdin.isatty():
                prompt.talk()
            else:
                prompt.script(sys.stdin, "standard input", echo=True)
        if args.screenshot:
            write_picture(commander, args.screenshot)


def _terminal_size() -> tuple[int, int]:
    """The size of the terminal, or that of pictures where there is none."""
    if not sys.stdout.isatty():
        return _DEFAULT_SIZE
    from shutil import get_terminal_size

    size = get_terminal_size(_DEFAULT_SIZE)
    return max(40, size.columns), max(12, size.lines)
