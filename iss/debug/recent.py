"""The instructions around a moment as a trace: replayed once, kept, and continued when the machine goes on."""

from __future__ import annotations

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


class Recent:
    """A window on a history. `length` is how many instructions are replayed beyond what is asked for."""

    def __init__(self, history: History, length: int, wanted: Chooser | None = None) -> None:
        """With `wanted` only these instructions are kept."""
        self.length = length
        self._history, self._wanted = history, wanted
        machine = history.machine
        self._description = describe(machine.architecture.isa, machine.timing, None)
        self._kept, self._trace = Kept(self._description), empty(history)
        self._begin = self._end = self._pieces = 0
        self._version = -1
        self.end_cycle = 0  # cycles behind the last instruction of what is kept

    @property
    def begin(self) -> int:
        """The first instruction of what is kept."""
        return self._begin

    @property
    def end(self) -> int:
        """The one behind its last."""
        return self._end

    def trace(self, begin: int, end: int) -> Trace:
        """A trace that holds instructions begin..end-1 as far as the history knows them, and others around them."""
        history = self._history
        begin, end = max(begin, history.earliest), min(end, history.latest)
        if self._version != history.version:
            self._version, self._begin, self._end = history.version, 0, 0
        if begin < end and not self._begin <= begin <= end <= self._end:
            continued = self._begin <= begin <= self._end and self._pieces < _MOST_PIECES
            if not continued or end - self._end > self.length:
                self._begin = self._end = max(history.earliest, begin - self.length)
                self._kept, self._pieces = Kept(self._description), 0
            self._record(min(history.latest, max(end, history.now)))
            self._trace = self._kept.trace
        return self._trace

    def _record(self, end: int) -> None:
        history, started = self._history, perf_counter()
        machine = history.machine
        with unmoved(history):
            history.seek(self._end)
            recorder = Recorder(
                self._kept, self._description, first=history.now, cycle=machine.hart.cycles, wanted=self._wanted
            )

            def consume(records: Any) -> None:
                recorder.consume(records, machine.take_spikes(), machine.hart.cycles)

            machine.observe(consume, spikes=True)
            history.run(end - history.now)
            machine.observe(None)
            self._end, self.end_cycle = history.now, machine.hart.cycles
            recorder.close({})
        self._pieces += 1
        if perf_counter() - started > _SLOW:
            self.length = max(_SHORTEST, self.length // 4)


def empty(history: History) -> Trace:
    """A trace of the history's machine that holds nothing: for filters."""
    machine = history.machine
    return Trace(KeptBlocks(()), describe(machine.architecture.isa, machine.timing, machine.image))
