"""Output of the firmware is shown when its moment comes, however far a search for a stop has looked."""

from __future__ import annotations

import pytest

from asm import Source, assemble
from iss.debug.debugger import Debugger
from iss.debug.history import ReplayedConsole
from iss.machine import Machine

PROGRAM = """
_start:
    li   t0, 0x10000000             # UART
    li   t1, 'A'
    sb   t1, 0(t0)
stop:
    addi t1, t1, 1
    sb   t1, 0(t0)
    li   t2, 0x100000               # test finisher
    li   t3, 0x5555
    sw   t3, 0(t2)
"""


@pytest.mark.parametrize("engine", ["reference", "interpreter"])
def test_output_waits_for_its_moment(engine: str) -> None:
    written = bytearray()
    console = ReplayedConsole(written.extend)
    machine = Machine(engine=engine, console=console.write)
    machine.load(assemble([Source("p.S", PROGRAM)]).image())
    debugger = Debugger(machine, console)
    debugger.break_at("stop")
    debugger.resume()
    assert bytes(written) == console.shown == bytes(console.text) == b"A"
    assert debugger.history.latest == debugger.now
    debugger.resume()
    assert bytes(written) == b"AB"
    debugger.resume_back()
    assert console.shown == b"A" and bytes(written) == b"AB"
