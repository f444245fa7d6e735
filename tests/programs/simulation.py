# Runs a form on the simulator under test; the one place of these tests that knows the machine's interface.
"""A finished run of a program: output, exit code, counts and what it left in memory."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from coprocessor.csrs import COUNTER_HIGH, COUNTER_LOW, COUNTERS
from iss.loaders import Image
from iss.machine import End, Machine
from tests.programs.catalogue import Form

MAXIMUM_INSTRUCTIONS = 50_000_000


@cache
def image_of(form: Form) -> Image:
    """The assembled form."""
    return form.assemble().image()


@dataclass(frozen=True)
class Run:
    """What one run left; `machine` is at its end."""

    machine: Machine
    output: str
    exit_code: int

    def words(self, symbol: str, count: int) -> tuple[int, ...]:
        """Unsigned words of memory from a symbol on."""
        return struct.unpack(f"<{count}I", self.bytes(symbol, 4 * count))

    def bytes(self, symbol: str, size: int) -> bytes:
        """Memory from a symbol on."""
        offset = self.machine.symbol(symbol) - self.machine.ram.base
        return bytes(self.machine.ram.buffer[offset : offset + size])

    def counters(self) -> dict[str, int]:
        """The coprocessor's counters by name."""

        def read(number: int) -> int:
            return int(self.machine.coprocessor.csr_read(number, self.machine.hart.mcycle))

        return {
            name: read(COUNTER_LOW + index) | read(COUNTER_HIGH + index) << 32 for index, name in enumerate(COUNTERS)
        }


def run(
    form: Form,
    engine: str,
    timing: str = "ideal",
    poke: dict[str, int] | None = None,
    coprocessor: Callable[[Any, int], Any] | None = None,
) -> Run:
    """Run a form to its exit; `poke` sets words at symbols before the start, `coprocessor` replaces the C one."""
    output = bytearray()
    machine = Machine(isa=form.isa, engine=engine, timing=timing, console=output.extend, coprocessor=coprocessor)
    machine.load(image_of(form))
    for symbol, value in (poke or {}).items():
        struct.pack_into("<I", machine.ram.buffer, machine.symbol(symbol) - machine.ram.base, value)
    outcome = machine.run(MAXIMUM_INSTRUCTIONS)
    assert outcome.end is End.EXIT and outcome.exit_code is not None, outcome.reason
    return Run(machine, output.decode(), outcome.exit_code)
