"""What the panels show: a debugger, what the user looks at, and what has been found out about the present moment.

Panels only read it. Motions go through `move`, which notes what there was before, so that changes can be lit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from asm.disassembler import Disassembled, Disassembler
from coprocessor.energy import EnergyPreset
from coprocessor.golden.population import Population
from coprocessor.golden.projection import Projection
from iss.debug import descriptors, past
from iss.debug.calls import Calls, Frame
from iss.debug.csrs import read_csr
from iss.debug.debugger import Debugger, Stop, StopKind
from iss.debug.descriptors import Networks
from iss.debug.figures import coprocessor_counters, energy_of
from iss.debug.history import ReplayedConsole
from iss.debug.log import WINDOW, HistoryLog, Log, TraceLog
from iss.debug.playback import Playback
from iss.loaders.image import Symbol
from iss.loaders.lines import LineTable, SourceLine
from iss.loaders.names import Names
from iss.trace.block import TraceError
from iss.trace.events import Interrupt, Trap
from iss.trace.reader import Trace
from iss.tui.tracing import Tracing

SPIKE_WINDOW: Final = 1_000_000
"""Instructions that are replayed at most to find spikes."""
_FAR: Final = 1 << 16
_MOST_LOCKED: Final = 100
_MOST_SAMPLES: Final = 512
_T = TypeVar("_T")


@dataclass
class View:
    """Where the user looks; None follows the machine. `neuron` is the one that is explained."""

    code: int | None = None
    memory: int | None = None
    population: int | None = None
    neuron: int = 0
    projection: int | None = None
    source: int = 0
    decimal: bool = False


@dataclass
class Before:
    """What was there at the last stop."""

    registers: tuple[int, ...] = ()
    csrs: dict[str, int] = field(default_factory=dict)
    memory: dict[int, bytes] = field(default_factory=dict)


HART_COUNTS: Final = ("retired", "cycles", "accesses", "traps")
_ENERGY_COUNTS: Final = ("sop", "nup", "spkout", "wupd")


class Counted(NamedTuple):
    """What was counted up to a moment."""

    retired: int
    cycles: int
    accesses: int
    traps: int
    sop: int
    nup: int
    spkout: int
    wupd: int

    @classmethod
    def of(cls, hart: Mapping[str, Any], coprocessor: Mapping[str, Any]) -> Counted:
        """From the counts of a hart and of a coprocessor."""
        counts = [int(coprocessor.get(name, 0)) for name in _ENERGY_COUNTS]
        return cls(*(int(hart[name]) for name in HART_COUNTS), *counts)

    @property
    def energy_arguments(self) -> tuple[int, int, int, dict[str, int]]:
        """For `iss.debug.figures.energy_of`."""
        counts = dict(zip(_ENERGY_COUNTS, self[-len(_ENERGY_COUNTS) :], strict=True))
        return self.retired, self.accesses, self.cycles, counts


class Lock(NamedTuple):
    """A panel stays at a moment; `before` is with what it is compared."""

    moment: int
    before: Before


class State:
    """A debugging session as the panels see it."""

    def __init__(
        self,
        debugger: Debugger,
        console: ReplayedConsole,
        title: str,
        preset: EnergyPreset,
        trace: Trace | None = None,
    ) -> None:
        """`trace` is shown in the trace pane, and with a Playback as the machine's engine is all there is."""
        self.debugger, self.console, self.title, self.preset = debugger, console, title, preset
        self.machine = debugger.machine
        image = self.machine.image
        symbols = image.symbols.values() if image is not None else ()
        self.names, self.calls = Names(symbols), Calls(image)
        self.symbols: dict[str, Symbol] = dict(image.symbols) if image is not None else {}
        self.disassembler = Disassembler(
            self.machine.architecture, {name: symbol.address for name, symbol in self.symbols.items()}, aliases=True
        )
        self.playback = self.machine.engine if isinstance(self.machine.engine, Playback) else None
        self._history_log = HistoryLog(debugger.history)
        log: Log = self._history_log if trace is None else TraceLog(trace, played=self.playback is not None)
        self.tracing = Tracing(log, self.disassembler)
        self.patience = 10.0  # seconds that a filter may look for what it wants before something is shown
        self.view = View()
        self.bookmarks: dict[str, int] = {}
        self.locks: dict[str, Lock] = {}  # panels that stay at a moment
        self._locked: dict[tuple[object, ...], Any] = {}
        self._samples: list[Counted] = []
        self.stop: Stop | None = None
        self.running = False
        self.speed: int | None = None  # instructions a second at most
        self.before = Before()
        self.shown_memory: tuple[int, int] = (0, 0)  # address and size of what the memory pane shows
        self._texts: dict[str, list[str]] = {}
        self._networks: tuple[int, Networks] | None = None
        self._found: dict[str, Any] = {}

    # Motions --------------------------------------------------------------------------------------------------------
    def move(self, motion: Callable[[], Stop]) -> Stop:
        """Carry out a motion of the debugger; what was there before it is kept to be compared."""
        self.remember()
        self.stop = motion()
        self.moved()
        self.tracing.settle(self.now)
        return self.stop

    def remember(self) -> None:
        """Keep what is compared with what comes."""
        address, size = self.shown_memory
        self.before = Before(tuple(self.machine.hart.x), self.csrs, {address: self.read(address, size) or b""})

    def moved(self) -> None:
        """Forget what was found out about a moment: the machine is at another one, or was changed."""
        self._found.clear()
        self._sample()

    def at(self, lock: Lock, what: str, look: Callable[[], _T], otherwise: _T) -> _T:
        """What `look` sees at another moment; kept until the user looks in another way. `otherwise` while it runs."""
        view = self.view
        tracing = (self.tracing.cursor, self.tracing.cell, self.tracing.filter)
        key = (lock.moment, what, *vars(view).values(), *tracing, self.debugger.history.version)
        if key not in self._locked:
            if self.running:
                return otherwise
            kept = self._found, self.before, self.shown_memory
            self._found, self.before = {}, lock.before
            try:
                with past.unmoved(self.debugger.history):
                    self.debugger.history.seek(lock.moment)
                    self._locked[key] = look()
            finally:
                self._found, self.before, self.shown_memory = kept
            if len(self._locked) > _MOST_LOCKED:
                self._locked.pop(next(iter(self._locked)))
        found: _T = self._locked[key]
        return found

    @property
    def ended(self) -> bool:
        """Whether the last motion came to the program's end."""
        return self.stop is not None and self.stop.kind is StopKind.ENDED

    def _once(self, name: str, find: Callable[[], Any]) -> Any:
        if name not in self._found:
            self._found[name] = find()
        return self._found[name]

    # The machine ----------------------------------------------------------------------------------------------------
    @property
    def now(self) -> int:
        """Instructions retired."""
        return self.debugger.now

    def read(self, address: int, size: int) -> bytes | None:
        """Bytes of RAM, None where there is none or nobody knows."""
        if self.playback is not None and not self.playback.knows(address, size):
            return None
        try:
            return self.machine.ram.read(address, size)
        except IndexError:
            return None

    def word(self, address: int) -> int | None:
        """A word of RAM, None where there is none."""
        data = self.read(address, 4)
        return None if data is None else int.from_bytes(data, "little")

    @property
    def csrs(self) -> dict[str, int]:
        """All CSRs by name."""

        def read() -> dict[str, int]:
            return {csr.name: read_csr(self.machine, csr) for csr in self.machine.architecture.csrs}

        found: dict[str, int] = self._once("csrs", read)
        return found

    @property
    def unit(self) -> Any:
        """The coprocessor, None without one or where nobody knows its state."""
        return self.machine.coprocessor if self.playback is None else None

    @property
    def absent(self) -> str:
        """Why there is no value in a place of memory."""
        return "no memory" if self.playback is None else "not in the trace so far"

    @property
    def counters(self) -> dict[str, int]:
        """The coprocessor's counters, empty without one."""
        if self.unit is None:
            return {}
        found: dict[str, int] = self._once("counters", lambda: coprocessor_counters(self.machine))
        return found

    @property
    def energy(self) -> int:
        """Energy of everything so far in femtojoules."""
        hart = self.machine.hart
        return energy_of(self.preset, hart.retired, hart.accesses, hart.cycles, self.counters)

    def counted_moments(self) -> list[Counted]:
        """What was counted at the checkpoints, at stops and now, in the order of time; never nothing."""
        found: list[Counted] = self._once("moments", self._counted_moments)
        return found

    def _counted_moments(self) -> list[Counted]:
        known = {one.retired: one for one in self._samples if one.retired <= self.debugger.history.latest}
        for kept in self.debugger.history.snapshots():
            counters = {} if kept.coprocessor is None else kept.coprocessor["counters"]
            known[kept.retired] = Counted.of(kept.hart, counters)
        known[self.now] = self._counted_now()
        return [known[moment] for moment in sorted(known)]

    def _counted_now(self) -> Counted:
        hart = self.machine.hart
        return Counted.of({name: getattr(hart, name) for name in HART_COUNTS}, self.counters)

    def _sample(self) -> None:
        """Keep what was counted at a stop; of many every other one."""
        self._samples.append(self._counted_now())
        if len(self._samples) > _MOST_SAMPLES:
            self._samples = self._samples[::2]

    # Code -----------------------------------------------------------------------------------------------------------
    def instruction(self, address: int) -> Disassembled | None:
        """The instruction at an address, None where there is no RAM."""
        word = self.word(address)
        return None if word is None else self.disassembler.word(word, address)

    def name(self, address: int) -> str | None:
        """`symbol+offset` of a place in code, None if nothing is near."""
        symbol = self.names.function(address)
        if symbol is None or address - symbol.address >= _FAR:
            return None
        offset = address - symbol.address
        return symbol.name + (f"+{offset}" if offset else "")

    @cached_property
    def lines(self) -> LineTable:
        """The program's source lines."""
        return self.machine.image.lines if self.machine.image is not None else LineTable()

    def source(self, place: SourceLine) -> str | None:
        """The text of a source line, None if the file is not here or has changed."""
        if place.file not in self._texts:
            try:
                self._texts[place.file] = Path(place.file).read_text("utf-8", "replace").expandtabs(4).splitlines()
            except OSError:
                self._texts[place.file] = []
        lines = self._texts[place.file]
        return lines[place.line - 1] if 0 < place.line <= len(lines) else None

    @property
    def frames(self) -> list[Frame]:
        """The stack of calls."""
        found: list[Frame] = self._once("frames", lambda: self.calls.stack(self.machine))
        return found

    def hint(self, value: int) -> str:
        """What a value may be: a symbol, a place on the stack; empty if it says nothing."""
        hart, ram = self.machine.hart, self.machine.ram
        if not ram.base <= value < ram.base + ram.size:
            return ""
        code = self.machine.image is not None and any(
            "x" in segment.flags and segment.address <= value < segment.end for segment in self.machine.image.segments
        )
        if code:
            return self.name(value) or ""
        name = self.names.at(value)
        if not name.startswith("0x"):
            return f"→{name}"
        return "→stack" if 0 <= value - hart.x[2] < 1 << 12 else ""

    # The past -------------------------------------------------------------------------------------------------------
    @property
    def log_now(self) -> int:
        """The place of the present moment in the trace."""
        found: int = self._once("log_now", lambda: self.tracing.log.index_of(self.now))
        return found

    @property
    def shown_log_moment(self) -> int:
        """The place in the trace up to which the pane goes by itself."""
        locked = self.locks.get("trace")
        return self.log_now if locked is None else self.tracing.log.index_of(locked.moment)

    @property
    def departure(self) -> str:
        """How the machine is at another place than the trace beside it says; empty if it is not."""
        log = self.tracing.log
        if self.running or self.playback is not None or not isinstance(log, TraceLog):
            return ""
        try:
            entries = self.tracing.entry(self.log_now)
        except TraceError:
            return "the trace is damaged here"
        for entry in entries:
            retired = entry.retired
            entered = (event.pc for event in retired.events if isinstance(event, Trap | Interrupt))
            expected = next(entered, retired.pc)
            if retired.number == self.now and self.machine.hart.pc != expected:
                return f"the trace is at {expected:08x} here: of another run"
        return ""

    @property
    def branches(self) -> dict[int, tuple[int, int]]:
        """How often branches were (taken, met) lately, by address."""
        if self.running:
            return {}
        found: dict[int, tuple[int, int]] = self._once("branches", self._branches)
        return found

    def _branches(self) -> dict[int, tuple[int, int]]:
        end = self.log_now
        begin = max(0, end - WINDOW // 2)
        trace, start = self._stretch(begin, end)
        return past.branches(trace, start, start + end - begin)

    def _stretch(self, begin: int, end: int) -> tuple[Trace, int]:
        """A trace that holds these instructions of the log, and the index of the first of them."""
        log, begin = self.tracing.log, max(0, begin)
        if isinstance(log, TraceLog):
            return log.trace, begin
        trace = self._history_log.recent.trace(begin, end)
        return trace, begin - self._history_log.recent.begin

    # The coprocessor ------------------------------------------------------------------------------------------------
    @property
    def networks(self) -> Networks:
        """The networks and populations in memory, looked for again when much has happened."""
        if self.unit is None:
            return descriptors.NOTHING
        if self._networks is None or not (self.running or 0 <= self.now - self._networks[0] < 1000):
            self._networks = self.now, descriptors.find(self.machine)
        return self._networks[1]

    @property
    def population(self) -> Population | None:
        """The population that is shown: the chosen one, else the first one of a network, else the first one."""
        found = self.networks
        first = next((populations[0] for populations in found.networks.values() if populations), None)
        for address in (self.view.population, first, next(iter(found.populations), None)):
            if address in found.populations:
                return found.populations[address]
        return None

    @property
    def projection(self) -> Projection | None:
        """The projection that is shown: the chosen one, else the first to the population that is shown, or of all."""
        found, population = self.networks.projections, self.population
        if self.view.projection in found:
            return found[self.view.projection]
        mine = (one for one in found.values() if population is not None and one.cur == population.cur)
        return next(mine, next(iter(found.values()), None))

    def synapses(self, projection: Projection, source: int) -> dict[int, tuple[int, int]]:
        """Weight and delay of each synapse of a source, by neuron."""
        key = f"synapses {projection.address} {source}"
        found: dict[int, tuple[int, int]] = self._once(
            key, lambda: descriptors.synapses_of(self.machine, projection, source)
        )
        return found

    @property
    def spiking(self) -> tuple[int, int] | None:
        """Descriptor and neurons of the population whose spikes are shown; of a played trace that of the last spike."""
        population = self.population
        if population is not None:
            return population.address, population.n
        if self.playback is None:
            return None
        found: tuple[int, int] | None = self._once("spiking", self._spiking)
        return found

    def _spiking(self) -> tuple[int, int] | None:
        _, log = self._logged(max(0, self.log_now - SPIKE_WINDOW), self.log_now)
        if not len(log):
            return None
        chosen = self.view.population
        wanted = int(log["descriptor"][-1]) if chosen is None or chosen not in log["descriptor"] else chosen
        own = log[log["descriptor"] == wanted]
        return wanted, 32 * (int(own["group"].max()) + 1)

    def spikes(self, population: int, steps: int) -> tuple[NDArray[np.int64], NDArray[np.void]]:
        """The latest spikes of a population: the step of each record, counted from its first one, and the records.

        They are looked for far enough back for `steps` steps, but in SPIKE_WINDOW instructions at most.
        """
        key = f"spikes {population} {steps}"
        found: tuple[NDArray[np.int64], NDArray[np.void]] = self._once(key, lambda: self._spikes(population, steps))
        return found

    def _spikes(self, population: int, steps: int) -> tuple[NDArray[np.int64], NDArray[np.void]]:
        now, length = self.log_now, 1_000
        while True:
            start = max(0, now - length)
            numbers, log = self._logged(start, now)
            log = log[(log["descriptor"] == population) & (numbers >= start) & (numbers < now)]
            times = log["time"].astype(np.int64)
            ahead = np.diff(times, prepend=times[:1])
            counted = np.cumsum(np.where(ahead < 0, 1, ahead))  # where software has set nm_t back, a new step begins
            enough = len(counted) and counted[-1] >= steps
            if enough or start == 0 or length >= SPIKE_WINDOW:
                return counted, log
            length *= 10

    def _logged(self, begin: int, end: int) -> tuple[NDArray[np.int64], NDArray[np.void]]:
        """All spikes of these instructions of the log, and maybe of others: instruction and record of each."""
        log = self.tracing.log
        if isinstance(log, TraceLog):
            return past.spikes(log.trace, begin, end)
        trace = self._history_log.recent.wanted(begin, end)
        return past.spikes(trace, 0, trace.count, numbered=True)

    def population_name(self, address: int) -> str:
        """A population's symbol or address."""
        return self.names.at(address)
