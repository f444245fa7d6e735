"""What the panels show: a debugger, what the user looks at, and what has been found out about the present moment.

Panels only read it. Motions go through `move`, which notes what there was before, so that changes can be lit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeVar

from asm.disassembler import Disassembled
from coprocessor.energy import EnergyPreset
from iss.debug import past
from iss.debug.calls import Frame
from iss.debug.csrs import read_csr
from iss.debug.debugger import Debugger, Stop, StopKind
from iss.debug.figures import coprocessor_counters, energy_of
from iss.debug.history import ReplayedConsole
from iss.debug.log import WINDOW, HistoryLog, Log, TraceLog
from iss.debug.playback import Playback
from iss.hart.extension_state import ExtensionState
from iss.trace.block import TraceError
from iss.trace.events import Interrupt, Trap
from iss.trace.reader import Trace
from iss.tui.counts import Counted, Counts
from iss.tui.program import Program, block_of
from iss.tui.spiking import Spiking
from iss.tui.tracing import Tracing

_MOST_LOCKED: Final = 100
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
    extension: ExtensionState | None = None


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
        self.program = Program(self.machine)
        self.spiking = Spiking(self)
        self.playback = self.machine.engine if isinstance(self.machine.engine, Playback) else None
        self.history_log = HistoryLog(debugger.history)
        log: Log = self.history_log if trace is None else TraceLog(trace, played=self.playback is not None)
        self.tracing = Tracing(log, self.program.disassembler)
        self.patience = 10.0  # seconds that a filter may look for what it wants before something is shown
        self.view = View()
        self.bookmarks: dict[str, int] = {}
        self.locks: dict[str, Lock] = {}  # panels that stay at a moment
        self._locked: dict[tuple[object, ...], Any] = {}
        self._counts = Counts(debugger)
        self.stop: Stop | None = None
        self.running = False
        self.speed: int | None = None  # instructions a second at most
        self.before = Before()
        self.shown_memory: tuple[int, int] = (0, 0)  # address and size of what the memory pane shows
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
        self.before = Before(
            tuple(self.machine.hart.x),
            self.csrs,
            {address: self.read(address, size) or b""},
            self.machine.hart.state.copy(),
        )

    def moved(self) -> None:
        """Forget what was found out about a moment: the machine is at another one, or was changed."""
        self._found.clear()
        self._counts.sample(self.counters)

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

    def once(self, name: str, find: Callable[[], Any]) -> Any:
        """What was found out about the present moment under a name; found now if it was not."""
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

        found: dict[str, int] = self.once("csrs", read)
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
    def shows(self) -> tuple[bool, bool]:
        """For the layout: whether there is a coprocessor, and whether an extension has state that can be known."""
        return self.machine.coprocessor is not None, bool(len(self.machine.hart.state.layout)) and self.playback is None

    @property
    def counters(self) -> dict[str, int]:
        """The coprocessor's counters, empty without one."""
        if self.unit is None:
            return {}
        found: dict[str, int] = self.once("counters", lambda: coprocessor_counters(self.machine))
        return found

    @property
    def energy(self) -> int:
        """Energy of everything so far in femtojoules."""
        hart = self.machine.hart
        return energy_of(self.preset, hart.retired, hart.accesses, hart.cycles, self.counters)

    def counted_moments(self) -> list[Counted]:
        """What was counted at the checkpoints, at stops and now, in the order of time; never nothing."""
        found: list[Counted] = self.once("moments", lambda: self._counts.moments(self.counters))
        return found

    # Code -----------------------------------------------------------------------------------------------------------
    def instruction(self, address: int) -> Disassembled | None:
        """The instruction at an address, None where there is no RAM."""
        block = block_of(address)
        found: dict[int, Disassembled] = self.once(f"code {block:x}", lambda: self.program.block(block, self.read))
        return found.get(address)

    @property
    def frames(self) -> list[Frame]:
        """The stack of calls."""
        found: list[Frame] = self.once("frames", lambda: self.program.calls.stack(self.machine))
        return found

    # The past -------------------------------------------------------------------------------------------------------
    @property
    def log_now(self) -> int:
        """The place of the present moment in the trace."""
        found: int = self.once("log_now", lambda: self.tracing.log.index_of(self.now))
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
        found: dict[int, tuple[int, int]] = self.once("branches", self._branches)
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
        trace = self.history_log.recent.trace(begin, end)
        return trace, begin - self.history_log.recent.begin
