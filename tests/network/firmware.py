"""Assembles and runs small firmware for the tests of this directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import asm
from iss.builtin import builtin_architecture
from iss.machine import End, Machine

ISA = "rv32im_zicsr_xnmspk_xnmeng_xnmlrn"
FINISH = """
    li   t0, 0x100000                   # the test finisher
    li   t1, 0x5555
    sw   t1, 0(t0)
9:  j    9b
"""


class Firmware:
    """A program on a machine."""

    def __init__(
        self,
        text: str,
        engine: str = "auto",
        include: Sequence[Path] = (),
        sections: Mapping[str, int] | None = None,
    ) -> None:
        source = asm.Source("firmware.S", text)
        self.program = asm.assemble(
            [source], architecture=builtin_architecture(ISA), include_paths=include, section_addresses=sections or {}
        )
        self.machine = Machine(ISA, engine)
        self.machine.load(self.program.image())

    def put(self, symbol: str, data: bytes) -> None:
        """Write memory from a symbol on."""
        place = self.machine.symbol(symbol) - self.machine.ram.base
        self.machine.ram.buffer[place : place + len(data)] = data

    def words(self, symbol: str, count: int) -> NDArray[np.int32]:
        """Read words from a symbol on."""
        place = self.machine.symbol(symbol) - self.machine.ram.base
        return np.frombuffer(bytes(self.machine.ram.buffer[place : place + 4 * count]), dtype="<i4")

    def run(self, data: Mapping[str, bytes] | None = None) -> None:
        """Write data, then run until the program ends itself with exit code 0."""
        for symbol, content in (data or {}).items():
            self.put(symbol, content)
        outcome = self.machine.run(200_000_000)
        assert outcome.end is End.EXIT and outcome.exit_code == 0, outcome
