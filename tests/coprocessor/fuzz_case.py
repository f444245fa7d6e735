"""A case of the C fuzz driver (coprocessor/fuzz), issue by issue on C with one instruction set and on the golden model:
python -m tests.coprocessor.fuzz_case FILE [LEVEL]. Regions that overlap are told as everywhere (overlap.py)."""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from coprocessor.interface import Operation, Outcome, Part
from tests.coprocessor.implementations import LEVELS
from tests.coprocessor.overlap import OverlapPair

COMMAND = struct.Struct("<BBHII")
SIZE = 0x4000
OPERATIONS = (
    *(Operation.RUN, Operation.LAYER, Operation.SYN, Operation.UPD, Operation.LEARN, Operation.RST),
    *(Operation.INJ, Operation.POP, Operation.QLEV, Operation.EV2BM, Operation.BM2EV, Operation.START),
    *(Operation.WAIT, Operation.POLL, Operation.ABORT, Operation.CHECK, Operation.SAVE, Operation.REST),
)
REGISTER_LEVEL, CSR_WRITES, MANY, LONG, NO_SLICE, LOGS = 0xE0, 0xF0, 0x40, 0xF8, 16, 8


class Command(NamedTuple):
    """An instruction to issue, or a CSR to write (engine_fuzz.h)."""

    what: int
    repeats: int
    csr: int
    rs1: int
    rs2: int

    @property
    def operation(self) -> Operation | None:
        """What to issue; None: nothing."""
        return OPERATIONS[self.what % len(OPERATIONS)] if self.what < REGISTER_LEVEL else None

    @property
    def steps(self) -> int:
        """The most steps of a run."""
        return 256 if self.repeats & LONG == LONG else 40 if self.repeats & MANY else 4


class Case(NamedTuple):
    """An input of the driver."""

    commands: list[Command]
    lanes: int
    options: int
    ram: bytes

    @classmethod
    def read(cls, data: bytes) -> Case:
        """From the bytes of a file."""
        end = 4 + data[0] % 25 * COMMAND.size
        commands = [Command(*fields) for fields in COMMAND.iter_unpack(data[4:end])]
        return cls(commands, data[2], data[3], data[end : end + SIZE].ljust(SIZE, b"\0"))

    def pair(self, level: str) -> OverlapPair:
        """The machines it begins with."""
        pair = OverlapPair(self.ram, ctl=4, native=LEVELS[level])
        pair.write("slice", 0 if self.options & NO_SLICE else 40)
        if self.lanes:
            pair.set_lanes(self.lanes)
        pair.keep_accounts(self.lanes % 4 == 0)
        pair.log_spikes(bool(self.options & LOGS))
        for machine in (pair.native, pair.golden):
            machine.unit.parts = Part(7 & ~self.options)
        return pair

    def play(self, level: str) -> Iterator[tuple[Command, OverlapPair]]:
        """Perform the commands one by one; AssertionError where C and golden model differ."""
        pair = self.pair(level)
        for command in self.commands:
            if command.what >= CSR_WRITES:
                for machine in (pair.native, pair.golden):
                    machine.unit.csr_write(command.csr, command.rs1, machine.mcycle)
            elif command.operation is not None:
                issue(pair, command, command.operation)
            yield command, pair


def issue(pair: OverlapPair, command: Command, operation: Operation) -> None:
    """Issue the operation of a command, and again while it suspends."""
    rs2 = command.rs2 % command.steps if operation in (Operation.RUN, Operation.START) else command.rs2
    pair.set_site(command.rs2)
    for _ in range(command.repeats % 8 + 1):
        if pair.issue(operation, command.rs1, rs2) != Outcome.SUSPENDED:
            break


def main(path: str, level: str = "scalar") -> None:
    """Say what each command ended with."""
    case = Case.read(Path(path).read_bytes())
    for command, pair in case.play(level):
        unit = pair.native.unit
        print(command, f"result {unit.result:#x}, cause {unit.cause}, {pair.forgiven} times regions overlapped")


if __name__ == "__main__":
    main(*sys.argv[1:])
