"""Membrane potentials behind every update of a population, while firmware runs.

A command of many steps is carried out once more on a copy of memory, one unit an issue. Every choice of nm_slice leads
to the same state (specification 1), so the copy goes through the states that the machine's own goes through.
"""

from __future__ import annotations

from typing import Any

from coprocessor.binding import Coprocessor
from coprocessor.csrs import BY_NAME
from coprocessor.golden import operations
from coprocessor.golden.memory import Fault, Memory
from coprocessor.golden.population import Population
from coprocessor.golden.profiles import Profile
from coprocessor.interface import Operation, Outcome
from iss.debug import descriptors
from iss.machine import Machine
from iss.memory.map import Region
from iss.memory.ram import Ram
from iss.trace.jumps import OPCODE
from iss.trace.raster import Raster

_ENGINE = 0x2B
_TIME = BY_NAME["nm_t"].number
_UPDATING = (Operation.RUN, Operation.LAYER, Operation.UPD, Operation.START)

_WITHOUT_THRESHOLD = (Profile.LI, Profile.SD)


class Sampler:
    """Notes potentials of `neurons` of the population at an address; `raster` says which steps they belong to."""

    def __init__(self, population: int, neurons: tuple[int, ...], raster: Raster) -> None:
        self.population, self.neurons = population, neurons
        self.steps: list[int] = []
        self.values: list[Any] = []
        self.thresholds: set[int] = set()
        self._raster = raster
        self._copy: Ram | None = None

    def before(self, machine: Machine) -> None:
        """To be called before each instruction that may be a command: notes what it will do."""
        command = self._command(machine)
        if command is None:
            return
        operation, rs1, rs2, population, steps = command
        if population.profile not in _WITHOUT_THRESHOLD:
            self.thresholds |= {int(t) for t in descriptors.thresholds(machine, population)[list(self.neurons)]}
        state = machine.coprocessor.state()
        if operation in (Operation.RUN, Operation.START):
            self._replay(machine, state, rs1, steps, population)
            return
        unit = self._unit(machine, state)
        while (outcome := unit.issue(operation, rs1, rs2, machine.hart.mcycle)) == Outcome.SUSPENDED:
            pass
        if outcome == Outcome.RETIRED and not unit.result >> 31:
            self._note(self._raster.step(int(state["csr"]["t"])), population)

    def _command(self, machine: Machine) -> tuple[Operation, int, int, Population, int] | None:
        """Operation, operands, population and steps of the command at pc if it updates the population."""
        hart, ram = machine.hart, machine.ram
        if not ram.base <= hart.pc < ram.base + ram.size - 3:
            return None
        word = int.from_bytes(ram.read(hart.pc, 4), "little")
        number = (word >> 12 & 7) << 7 | word >> 25
        if word & OPCODE != _ENGINE or number not in _UPDATING:
            return None
        state = machine.coprocessor.state()
        if state["csr"]["prog1"] >> 31:  # it goes on; its beginning has been seen
            return None
        operation, rs1, rs2 = Operation(number), hart.x[word >> 15 & 31], hart.x[word >> 20 & 31]
        validated = Operation.RUN if operation is Operation.START else operation
        try:
            job = operations.validate(Memory(ram.buffer, ram.base), validated, rs1, rs2, state["csr"]["rew"])
        except Fault:
            return None
        for entry in job.entries:
            target = entry.target
            if isinstance(target, Population) and target.address == self.population and not entry.reset:
                return operation, rs1, rs2, target, job.steps
        return None

    def _unit(self, machine: Machine, state: dict[str, Any]) -> Coprocessor:
        """The coprocessor on a copy of memory."""
        ram = machine.ram
        if self._copy is None or self._copy.size != ram.size:
            self._copy = Ram(Region(ram.base, ram.size))
        self._copy.restore(ram.snapshot())
        unit = Coprocessor(self._copy.buffer, ram.base)
        unit.load_state(state, machine.hart.mcycle)
        return unit

    def _replay(
        self, machine: Machine, state: dict[str, Any], network: int, steps: int, population: Population
    ) -> None:
        begin = int(state["csr"]["t"])
        unit = self._unit(machine, state | {"csr": state["csr"] | {"slice": 1}})  # it comes back after each unit
        first, time = self._raster.step(begin), begin
        while True:
            outcome = unit.issue(Operation.RUN, network, steps, machine.hart.mcycle)
            now = unit.csr_read(_TIME, 0)
            if now != time:  # a step is over, and nothing of the next one has begun
                self._note(first + (time - begin & 0xFFFF_FFFF), population)
                time = now
            if outcome != Outcome.SUSPENDED:
                return

    def _note(self, step: int, population: Population) -> None:
        assert self._copy is not None
        self.steps.append(step)
        self.values.append(descriptors.membranes_in(self._copy, population)[list(self.neurons)])
