"""The instructions around a moment as a trace: replayed once, kept, and continued when the machine goes on."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Any, Final

from iss.debug.history import History
from iss.debug.past import unmoved
from iss.trace.reader import Chooser, KeptBlocks, Trace
from iss.trace.recorder import Kept, Recorder, describe

_SLOW: Final = 0.02
"""Seconds a replay may take; then shorter stretches are replayed."""
_SHORTEST: Final = 256
_MOST_PIECES: Final = 64
"""Continuations, a block each, after which it is better to begin anew."""


class _Window:
    """Instructions begin..end-1, as far as a filter wants them."""

    def __init__(self, description: Mapping[str, Any], wanted: Chooser | None) -> None:
        self._description, self.wanted = description, wanted
        self.clear(0)

    def clear(self, begin: int) -> None:
        """Begin anew."""
        self.kept, self.trace, self.pieces = Kept(self._description), Trace(KeptBlocks(()), self._description), 0
        self.begin = self.end = begin

    def recorder(self, history: History) -> Recorder:
        """Records what comes next into it."""
        hart = history.machine.hart
        return Recorder(self.kept, self._description, first=hart.retired, cycle=hart.cycles, wanted=self.wanted)


class Recent:
    """Windows on a history: all instructions of a short one, and those that a filter wants of a longer one."""

    def __init__(self, history: History, length: int, wanted: Chooser | None = None) -> None:
        """`length` is how many instructions are replayed beyond what is asked for of the short window."""
        self.length = length
        self._history = history
        machine = history.machine
        description = describe(machine.architecture.isa, machine.timing, None)
        self._all, self._wanted = _Window(description, None), _Window(description, wanted)
        self._version = -1
        self.end_cycle = 0  # cycles behind the last instruction of the short window

    @property
    def begin(self) -> int:
        """The first instruction of the short window."""
        return self._all.begin

    @property
    def end(self) -> int:
        """The one behind its last."""
        return self._all.end

    def trace(self, begin: int, end: int) -> Trace:
        """A trace that holds instructions begin..end-1 as far as the history knows them, and others around them."""
        return self._cover(self._all, begin, end, self.length)

    def wanted(self, begin: int, end: int) -> Trace:
        """A trace that holds those of instructions begin..end-1 that are wanted, and maybe others."""
        return self._cover(self._wanted, begin, end, 0)

    def _cover(self, window: _Window, begin: int, end: int, margin: int) -> Trace:
        history = self._history
        begin, end = max(begin, history.earliest), min(end, history.latest)
        if self._version != history.version:
            self._version = history.version
            self._all.clear(0)
            self._wanted.clear(0)
        if begin < end and not window.begin <= begin <= end <= window.end:
            near = end - window.end <= max(margin, self.length)
            if not (window.begin <= begin <= window.end and window.pieces < _MOST_PIECES and near):
                window.clear(max(history.earliest, begin - margin))
            self._record(window, min(history.latest, max(end, history.now)))
        return window.trace

    def _record(self, window: _Window, end: int) -> None:
        """Go on with a window, and with the other one if it has come to the same moment."""
        history, started = self._history, perf_counter()
        machine = history.machine
        windows = [one for one in (self._all, self._wanted) if one.end == window.end and one.pieces < _MOST_PIECES]
        with unmoved(history):
            history.seek(window.end)
            recorders = [one.recorder(history) for one in windows]

            def consume(records: Any) -> None:
                spikes = machine.take_spikes()
                for recorder in recorders:
                    recorder.consume(records, spikes, machine.hart.cycles)

            machine.observe(consume, spikes=True)
            history.run(end - history.now)
            machine.observe(None)
            for one, recorder in zip(windows, recorders, strict=True):
                recorder.close({})
                one.end, one.trace, one.pieces = history.now, one.kept.trace, one.pieces + 1
            if self._all in windows:
                self.end_cycle = machine.hart.cycles
            history.pin()
        if perf_counter() - started > _SLOW:
            self.length = max(_SHORTEST, self.length // 4)


def empty(history: History) -> Trace:
    """A trace of the history's machine that holds nothing: for filters."""
    machine = history.machine
    return Trace(KeptBlocks(()), describe(machine.architecture.isa, machine.timing, machine.image))
