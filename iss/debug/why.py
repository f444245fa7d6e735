"""Why a neuron fired, or did not: its inputs, weights, decay and threshold in one step of the coprocessor.

The step is replayed on a copy of memory: by the coprocessor up to shortly before it, then by the golden model, which
lets every contribution be seen. In the end both must have the same state; the explanation says whether they do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from coprocessor.binding import Coprocessor
from coprocessor.golden import operations, synapses, updates
from coprocessor.golden.engine import Entry, Issue, Progress, Step
from coprocessor.golden.memory import Fault, Memory, Unit
from coprocessor.golden.mode import Parameters
from coprocessor.golden.numbers import u32
from coprocessor.golden.population import Population
from coprocessor.golden.projection import Delay, Format, Projection, Source
from coprocessor.golden.random import RandomSource
from coprocessor.golden.state import State
from coprocessor.interface import Operation, Outcome
from iss.debug import past
from iss.debug.history import History
from iss.debug.past import Command
from iss.errors import NeuroHartError
from iss.trace.block import SPIKES

MOST_OPERATIONS: Final = 5_000_000
"""Synaptic operations of the steps that are replayed by the golden model (some microseconds each)."""
_MOST_COMMANDS: Final = 10_000
_UPDATING: Final = (Operation.RUN, Operation.LAYER, Operation.UPD)


class WhyError(NeuroHartError):
    """A step that cannot be explained."""


class Contribution(NamedTuple):
    """A spike that reached the neuron: `value` is weight times spike (or graded value) times 2^WEXP."""

    projection: int
    source: int
    weight: int
    delay: int
    step: int
    value: int


@dataclass(frozen=True)
class Explanation:
    """One update of one neuron. `carried` is the part of the input that came from before the replayed steps."""

    population: Population
    neuron: int
    moment: int
    step: int
    before: tuple[int, ...]
    after: tuple[int, ...]
    input: int
    carried: int
    contributions: tuple[Contribution, ...]
    parameters: Parameters
    fired: bool
    reproduced: bool


@dataclass(frozen=True)
class _Moment:
    """A copy of everything the coprocessor works on, before a command; `times` are its steps."""

    command: Command
    ram: bytes
    base: int
    unit: dict[str, Any]
    mcycle: int
    operation: Operation
    entries: tuple[Entry, ...]
    reward: int
    override: int
    steps: int

    @property
    def first(self) -> int:
        """nm_t of the first step."""
        return int(self.unit["csr"]["t"])


def explain(history: History, population: Population, neuron: int, step: int | None = None) -> Explanation:
    """Explain the neuron's update in a step of the command that updated its population last.

    Without `step` (a value of nm_t) the last one in which it fired, else the last one. WhyError if there is none.
    """
    with past.unmoved(history):
        moment = _last_update(history, population)
    whole = _Copy(moment)
    fired = whole.run(moment.steps, population, neuron)
    chosen = _choose(moment, fired, step)
    first = max(0, chosen - population.depth + 1)
    start, end = _Copy(moment), _Copy(moment)
    start.run(first, population, neuron)
    end.run(chosen + 1, population, neuron)
    count = end.operations - start.operations
    if count > MOST_OPERATIONS:
        raise WhyError(f"the step has {count:,} synaptic operations; up to {MOST_OPERATIONS:,} can be explained")
    seen = _Replay(moment, start, population, neuron).run(first, chosen)
    same = seen.state_words == end.words(population)
    return Explanation(
        population,
        neuron,
        moment.command.moment,
        u32(moment.first + chosen),
        seen.before,
        seen.after,
        seen.input,
        seen.input - sum(item.value for item in seen.arrived),
        tuple(seen.arrived),
        seen.parameters,
        u32(moment.first + chosen) in fired,
        same,
    )


def _last_update(history: History, population: Population) -> _Moment:
    """The copy of the moment before the last command that updates the population; the machine moves."""
    machine = history.machine
    for count, command in enumerate(past.commands(history)):
        if count > _MOST_COMMANDS:
            break
        if command.operation not in (*_UPDATING, Operation.START):
            continue
        operation = Operation.RUN if command.operation == Operation.START else Operation(command.operation)
        unit = machine.coprocessor.state()
        try:
            job = operations.validate(
                Memory(machine.ram.buffer, machine.ram.base), operation, command.rs1, command.rs2, unit["csr"]["rew"]
            )
        except Fault:
            continue
        if not any(entry.target == population and not entry.reset for entry in job.entries):
            continue
        if unit["csr"]["prog1"] >> 31:
            raise WhyError("the command was interrupted in the middle of a step, and only its rest could be replayed")
        ram = machine.ram.buffer[:]
        mcycle, steps = machine.hart.mcycle, job.steps
        entries, override = tuple(job.entries), job.source_override
        return _Moment(
            command, ram, machine.ram.base, unit, mcycle, operation, entries, job.reward, override, max(1, steps)
        )
    raise WhyError("no command before the present moment has updated this population as it is now")


def _choose(moment: _Moment, fired: list[int], step: int | None) -> int:
    if step is None:
        return u32(fired[-1] - moment.first) if fired else moment.steps - 1
    chosen = step - moment.first
    if not 0 <= chosen < moment.steps:
        last = moment.first + moment.steps - 1
        raise WhyError(f"step {step} is not one of the last command, which made the steps {moment.first} to {last}")
    return chosen


class _Copy:
    """The coprocessor on a copy of memory."""

    def __init__(self, moment: _Moment) -> None:
        self.moment, self.ram = moment, bytearray(moment.ram)
        self.unit = Coprocessor(self.ram, moment.base)
        self.unit.load_state(moment.unit, moment.mcycle)

    def run(self, steps: int, population: Population, neuron: int) -> list[int]:
        """Carry out the first steps of the command; gives those (nm_t) in which the neuron fired."""
        moment = self.moment
        if not steps:
            return []
        self.unit.log_spikes(True)
        rs2 = steps if moment.operation is Operation.RUN else moment.command.rs2
        while True:
            outcome = self.unit.issue(moment.operation, moment.command.rs1, rs2, moment.mcycle)
            if outcome != Outcome.SUSPENDED:
                break
        log = np.frombuffer(self.unit.take_spikes(), SPIKES)
        mine = log[(log["descriptor"] == population.address) & (log["group"] == neuron // 32)]
        return [int(record["time"]) for record in mine if int(record["bits"]) >> neuron % 32 & 1]

    @property
    def operations(self) -> int:
        """Synaptic operations counted."""
        return int(self.unit.state()["counters"]["sop"])

    def words(self, population: Population) -> bytes:
        """The state words of the whole population."""
        return _state_words(self.ram, self.moment.base, population)


def _state_words(ram: bytearray, base: int, population: Population) -> bytes:
    start = population.state - base
    return bytes(ram[start : start + 4 * population.state_words * population.n])


class _Replay:
    """The golden model, one operation after the other, watched at one neuron."""

    def __init__(self, moment: _Moment, start: _Copy, population: Population, neuron: int) -> None:
        self._moment, self._ram = moment, start.ram
        self._population, self._neuron = population, neuron
        state = State()
        state.load(start.unit.state())
        self._issue = Issue(state, Memory(start.ram, moment.base), 0)
        self._ring: dict[int, list[Contribution]] = {}
        self.before: tuple[int, ...] = ()
        self.after: tuple[int, ...] = ()
        self.input = 0
        self.arrived: list[Contribution] = []
        self.parameters = population.parameters

    def run(self, first: int, chosen: int) -> _Replay:
        """Replay the steps and keep what happened in the last one."""
        for completed in range(first, chosen + 1):
            step = Step(completed, self._moment.reward, self._moment.override)
            for entry in self._moment.entries:
                self._issue.progress = Progress()
                target = entry.target
                if isinstance(target, Projection) and target.cur == self._population.cur:
                    self._collect(target, step)
                mine = target == self._population
                if mine:
                    self._note(before=True)
                operations.perform(self._issue, entry, step)
                if mine:
                    self._note(before=False)
            self._issue.state.csr["t"] = u32(self._issue.state.csr["t"] + 1)
        return self

    @property
    def state_words(self) -> bytes:
        """The state words of the whole population."""
        return _state_words(self._ram, self._moment.base, self._population)

    def _note(self, *, before: bool) -> None:
        """Keep the neuron's state, and before the update its input with all that made it."""
        population, neuron, unit = self._population, self._neuron, Unit(self._issue.memory)
        places = [population.state + 4 * (k * population.n + neuron) for k in range(population.state_words)]
        words = tuple(unit.load_signed(place) for place in places)
        if not before:
            self.after = words
            return
        slot = self._issue.state.csr["t"] % population.depth
        self.before, self.arrived = words, self._ring.pop(slot, [])
        self.input = unit.load_signed(population.cur + 4 * (slot * population.n + neuron))
        self.parameters = updates.parameters_of(unit, population, neuron)

    def _collect(self, projection: Projection, step: Step) -> None:
        """Note what the projection is about to bring to the neuron, by slot of the ring."""
        unit, t = Unit(self._issue.memory), self._issue.state.csr["t"]
        random = RandomSource()
        random.state = self._issue.state.random.state
        for source, value in self._active(projection, step, unit):
            base = projection.fixed_delay
            if projection.delay is Delay.PER_SOURCE:
                base += unit.load(projection.delays + source, 1)
            for post, weight, delay in synapses.row_synapses(unit, projection, source, base, random):
                if post == self._neuron:
                    slot = (t + base + delay) % projection.depth
                    brought = weight * value << projection.exponent
                    item = Contribution(projection.address, source, weight, base + delay, t, brought)
                    self._ring.setdefault(slot, []).append(item)
                    if projection.format not in (Format.CSR, Format.CROSSBAR, Format.CONV):
                        break

    def _active(self, projection: Projection, step: Step, unit: Unit) -> Iterator[tuple[int, int]]:
        """Active rows and their values, without touching a queue."""
        if projection.source is Source.QUEUE:
            for event in self._issue.state.queues[projection.source_address]:
                yield event & 0xFFFFF, 1
            return
        source = self._issue.source_of(projection, step)
        _, count = synapses.source_bytes(self._issue.memory, projection, source)
        for index in synapses.candidates(self._issue, projection, source, count):
            yield synapses.row_and_value(self._issue, unit, projection, source, index)
        self._issue.progress = Progress()
