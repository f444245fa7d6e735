"""Typing to the firmware in a debugging session: it happens at one moment, and again in every replay."""

from __future__ import annotations

from coprocessor.energy import PRESETS
from iss.debug.debugger import Debugger
from iss.debug.history import ReplayedConsole
from iss.machine import Machine
from iss.memory.map import MemoryMap
from iss.tui.commands.commander import Commander
from iss.tui.state import State
from tests.engines.assembled import text

ECHO = """
.globl _start
_start:
    li   s0, 0x10000000
1:  addi s1, s1, 1
    lbu  t0, 5(s0)
    andi t0, t0, 1
    beqz t0, 1b
    lbu  a0, 0(s0)
    sb   a0, 0(s0)
    j    1b
"""
SLEEPER = """
.globl _start
_start:
    li   s0, 0x10000000
    li   t0, 1
    sb   t0, 1(s0)          # an interrupt when something was received
    li   t0, 1 << 16
    csrw mie, t0
    wfi
    lbu  a0, 0(s0)
    sb   a0, 0(s0)
1:  j    1b
"""


def session(source: str, interval: int = 100) -> Commander:
    """A program that echoes what is typed."""
    console = ReplayedConsole()
    machine = Machine(memory_map=MemoryMap().with_ram(1 << 16), console=console.write)
    machine.load(text(source))
    return Commander(State(Debugger(machine, console, interval), console, "echo", PRESETS["default22"]), 100, 40)


def test_what_was_typed_comes_again_in_replays() -> None:
    commander = session(ECHO)
    state = commander.state
    for moment, line in ((1000, "type -n ab"), (2050, r"type -n \x43\n"), (3000, "step")):
        commander.execute(f"goto {moment}")
        commander.execute(line)
    assert state.console.shown == b"abC\n"
    seen = {}
    for moment in (500, 999, 1000, 1020, 1100, 2049, 2050, 2100, 2999):
        commander.execute(f"goto {moment}")
        seen[moment] = (bytes(state.console.shown), tuple(state.machine.hart.x))
    assert [seen[moment][0] for moment in (999, 1000, 1100, 2049, 2100)] == [b"", b"", b"ab", b"ab", b"abC\n"]
    for moment in (2999, 1020, 2050, 500, 1100):
        commander.execute(f"goto {moment}")
        assert (bytes(state.console.shown), tuple(state.machine.hart.x)) == seen[moment]
    commander.execute("goto 1500")
    commander.execute("type -n z")  # another course of things
    commander.execute("goto 2999")
    assert state.console.shown == b"abz"


def test_typing_wakes_a_program_that_waits() -> None:
    commander = session(SLEEPER)
    commander.execute("continue")
    stop = commander.state.stop
    assert stop is not None
    assert "waits for ever" in stop.text
    commander.execute("type x")
    commander.execute("goto +6")
    assert commander.state.console.shown == b"x"
