"""A small program of known moments that all tests of the panels look at, and sessions on it."""

from __future__ import annotations

from pathlib import Path

import asm
from coprocessor.energy import PRESETS
from iss.debug.debugger import Debugger
from iss.debug.history import ReplayedConsole
from iss.machine import Machine
from iss.memory.map import MemoryMap
from iss.tui.commands.commander import Commander
from iss.tui.state import State
from tests.engines.lockstep import XNM

SOURCE = Path(__file__).parent / "spiking.S"
"""Three inputs, two LIF neurons, as in the example 9.1 of the specification, run in a loop; prints a dot a run."""
SIZES = ((80, 24), (120, 40), (200, 55))


def state(engine: str = "auto", interval: int = 500) -> State:
    """The program before its first instruction."""
    console = ReplayedConsole()
    machine = Machine(XNM, engine, memory_map=MemoryMap().with_ram(1 << 20), console=console.write)
    machine.load(asm.assemble([SOURCE], architecture=machine.architecture).image())
    return State(Debugger(machine, console, interval), console, "spiking.S", PRESETS["default22"])


def commander(width: int = 120, height: int = 40, engine: str = "auto") -> Commander:
    """A session on it."""
    return Commander(state(engine), width, height)
