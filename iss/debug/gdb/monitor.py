"""The monitor commands of the gdb server: what gdb has no words for. To add one, add a function and its row."""

from __future__ import annotations

from collections.abc import Callable

from iss.debug.debugger import Debugger
from iss.errors import NeuroHartError
from iss.isa.causes import describe_cause


def _help(debugger: Debugger, argument: str) -> str:
    """this list"""
    return "".join(f"  {name:<10} {command.__doc__}\n" for name, command in COMMANDS.items())


def _when(debugger: Debugger, argument: str) -> str:
    """where in time the machine is"""
    hart, history = debugger.machine.hart, debugger.history
    return f"instruction {debugger.now}, cycle {hart.cycles}; seen {history.earliest} to {history.latest}\n"


def _goto(debugger: Debugger, argument: str) -> str:
    """goto N: go to the moment at which N instructions have retired (then `flushregs`)"""
    return debugger.goto(debugger.evaluate(argument)).text + "\n"


def _print(debugger: Debugger, argument: str) -> str:
    """print EXPRESSION: with registers, CSRs, symbols, [address], name[i]"""
    value = debugger.evaluate(argument)
    return f"{value} = {value:#x}\n"


def _trap(debugger: Debugger, argument: str) -> str:
    """the last trap"""
    hart = debugger.machine.hart
    return f"{describe_cause(hart.mcause)}, mepc {hart.mepc:#010x}, mtval {hart.mtval:#010x}; {hart.traps} in all\n"


def _console(debugger: Debugger, argument: str) -> str:
    """what the firmware has written so far"""
    return debugger.history.console.shown.decode("utf-8", "replace") + "\n"


def _coprocessor(debugger: Debugger, argument: str) -> str:
    """counters and queues of the spiking coprocessor"""
    unit = debugger.machine.coprocessor
    if unit is None:
        return "this machine has no coprocessor\n"
    state = unit.state()
    lines = [f"  {name:<8}{value}" for name, value in state["counters"].items()]
    lines += [f"  queue {number}: {len(queue)} events" for number, queue in enumerate(state["queues"])]
    return "\n".join(lines) + "\n"


COMMANDS: dict[str, Callable[[Debugger, str], str]] = {
    "help": _help,
    "when": _when,
    "goto": _goto,
    "print": _print,
    "trap": _trap,
    "console": _console,
    "nm": _coprocessor,
}


def monitor(debugger: Debugger, command: str) -> str:
    """The answer to `monitor COMMAND`; problems are told in words."""
    name, _, argument = command.strip().partition(" ")
    if name not in COMMANDS:
        return f"unknown monitor command {name!r}; there are:\n{_help(debugger, '')}"
    try:
        return COMMANDS[name](debugger, argument.strip())
    except NeuroHartError as error:
        return f"{error}\n"
