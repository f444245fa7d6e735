"""Runs a form of a program and counts what happens in its measured part, exactly and on any engine."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iss.cli.exit_codes import ExitCode, Failure, failing, firmware_exit_code
from iss.cli.programs import Form, Program
from iss.cli.target import Choices, assemble_image
from iss.debug.figures import coprocessor_counters
from iss.loaders import Image
from iss.machine import End, Machine
from iss.memory.map import MemoryMap
from iss.trace.events import RECORD, Kind

Array = NDArray[Any]


@dataclass(frozen=True)
class Counts:
    """What has been counted since reset, or between two points."""

    instructions: int
    cycles: int
    accesses: int
    coprocessor: dict[str, int]

    def since(self, earlier: Counts) -> Counts:
        """Return the difference."""
        counters = {name: value - earlier.coprocessor[name] for name, value in self.coprocessor.items()}
        return Counts(
            self.instructions - earlier.instructions,
            self.cycles - earlier.cycles,
            self.accesses - earlier.accesses,
            counters,
        )


@dataclass(frozen=True)
class Measured:
    """One form: the counts of its measured part, the whole run's output and the machine as the run has left it."""

    form: Form
    counts: Counts
    output: bytes
    exit_code: int
    seconds: float
    machine: Machine

    def record(self, name: str, program: Program) -> Array:
        """Return an array the program has left in memory; bitmaps as booleans. Raises Failure."""
        record = program.records.get(name)
        if record is None:
            raise Failure(f"program {program.name} leaves no record {name!r}", ExitCode.BAD_INPUT)
        with failing(ExitCode.BAD_INPUT):
            data = self.machine.ram.read(self.machine.symbol(name), record.size)
        if record.kind == "bitmap":
            bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
            return bits.astype(bool).reshape(record.shape)
        return np.frombuffer(data, {"u8": "u1", "s32": "<i4"}[record.kind]).reshape(record.shape)


class _Arrivals:
    """Finds, in the records of a run, how much had retired when two addresses were first reached."""

    def __init__(self, addresses: tuple[int, int]) -> None:
        self._wanted = list(addresses)
        self._retired = 0
        self.found: list[int] = []

    def consume(self, records: bytes | memoryview) -> None:
        """Take records; the second address counts only behind the first."""
        if not self._wanted:
            return
        table = np.frombuffer(records, "<u4").reshape(-1, RECORD.size // 4)
        reached = table[(table[:, 0] & 0xFF) == Kind.RETIRED, 1]
        start = 0
        while self._wanted:
            hits = np.flatnonzero(reached[start:] == self._wanted[0])
            if not len(hits):
                break
            start += int(hits[0])
            self.found.append(self._retired + start)
            self._wanted.pop(0)
        self._retired += len(reached)


def measure(program: Program, form: Form, engine: str, timing: str) -> Measured:
    """Run a form twice: observed, to find the measured part, and unobserved, to count in it. Raises Failure."""
    memory_map = MemoryMap()
    image, _ = assemble_image(form.source, form.isa, Choices(), memory_map)
    begin, end = _locate(program, form, image, engine, timing)
    output = bytearray()
    with failing(ExitCode.USAGE):
        machine = Machine(form.isa, engine, timing=timing, console=output.extend)
    machine.load(image)
    start = perf_counter()
    machine.run(begin)
    before = _counts(machine)
    machine.run(end - begin)
    after = _counts(machine)
    exit_code = _finish(program, form, machine)
    return Measured(form, after.since(before), bytes(output), exit_code, perf_counter() - start, machine)


def _locate(program: Program, form: Form, image: Image, engine: str, timing: str) -> list[int]:
    if program.measure is None:
        raise Failure(f"program {program.name} has no [measure] in its program.toml", ExitCode.BAD_INPUT)
    with failing(ExitCode.USAGE):
        machine = Machine(form.isa, engine, timing=timing)
    machine.load(image)
    with failing(ExitCode.BAD_INPUT):
        arrivals = _Arrivals((machine.symbol(program.measure[0]), machine.symbol(program.measure[1])))
    machine.observe(arrivals.consume)
    _finish(program, form, machine)
    if len(arrivals.found) < 2:
        missed = program.measure[len(arrivals.found)]
        raise Failure(f"program {program.name} ({form.name}) never reaches {missed}", ExitCode.BAD_INPUT)
    return arrivals.found


def _finish(program: Program, form: Form, machine: Machine) -> int:
    outcome = machine.run()
    if outcome.end is End.INTERRUPTED:
        raise KeyboardInterrupt
    if outcome.exit_code is None:
        raise Failure(f"program {program.name} ({form.name}): {outcome.reason}", ExitCode.BAD_INPUT)
    return firmware_exit_code(outcome.exit_code)


def _counts(machine: Machine) -> Counts:
    hart = machine.hart
    return Counts(hart.retired, hart.cycles, hart.accesses, coprocessor_counters(machine))
