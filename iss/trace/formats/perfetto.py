"""Chrome's trace event format in JSON, which Perfetto (ui.perfetto.dev) shows: functions, commands, traps, counters.

One cycle is shown as one microsecond.
"""

from __future__ import annotations

import json
from typing import Any, Final, TextIO

from coprocessor.interface import Outcome
from iss.isa.causes import describe_cause
from iss.trace.calls import Frame, Walker
from iss.trace.commands import title
from iss.trace.events import Command, Interrupt, Kind, Sleep, Trap
from iss.trace.reader import Trace
from iss.trace.view import View

_PROCESS: Final = 1
_HART, _UNIT = 1, 2
_COUNTED: Final = 4096  # cycles between points of the counters


class _Writer:
    def __init__(self, out: TextIO) -> None:
        self._out, self._first = out, True
        self.names: list[str] = []
        out.write('{"displayTimeUnit":"ns","traceEvents":[\n')
        self.put(ph="M", name="process_name", args={"name": "NeuroHart"})
        self.put(ph="M", name="thread_name", tid=_HART, args={"name": "hart"})
        self.put(ph="M", name="thread_name", tid=_UNIT, args={"name": "coprocessor"})

    def put(self, **event: Any) -> None:
        if not self._first:
            self._out.write(",\n")
        self._first = False
        self._out.write(json.dumps({"pid": _PROCESS, "tid": _HART, **event}))

    def close(self) -> None:
        self._out.write("\n]}\n")

    # Functions
    def enter(self, view: View, index: int, stack: list[Frame], caller: int | None) -> None:
        frame = stack[-1]
        name = ("trap: " if frame.is_trap else "") + self.names[frame.function]
        self.put(ph="B", name=name, ts=view.time(index))

    def leave(self, view: View, index: int, stack: list[Frame]) -> None:
        self.put(ph="E", ts=view.time(index))

    def replace(self, view: View, index: int, stack: list[Frame], function: int) -> None:
        self.put(ph="E", ts=view.time(index))
        self.put(ph="B", name=self.names[function], ts=view.time(index))

    def run(self, view: View, begin: int, end: int, stack: list[Frame]) -> None: ...

    def interrupted(self, view: View, index: int, stack: list[Frame], pc: int) -> None: ...

    # Events
    def events(self, trace: Trace, view: View) -> None:
        wanted = (Kind.TRAP, Kind.INTERRUPT, Kind.COMMAND, Kind.SLEEP)
        for place in [int(place) for kind in wanted for place in (view.kinds == kind).nonzero()[0]]:
            index = int(view.block.event_index[place])
            self._event(trace, view, index, view.event(place))

    def _event(self, trace: Trace, view: View, index: int, event: object) -> None:
        now = view.time(index)
        match event:
            case Trap(pc, cause, value):
                where = {"pc": f"{pc:#010x}", "mtval": f"{value:#010x}"}
                self.put(ph="i", s="t", name=describe_cause(cause), ts=now, args=where)
            case Interrupt(pc, cause):
                self.put(ph="i", s="t", name=describe_cause(cause), ts=now, args={"pc": f"{pc:#010x}"})
            case Sleep(cycles):
                self.put(ph="X", name="wfi", ts=now - cycles, dur=cycles)
            case Command(operation, outcome, rs1, _, _, cycles, spikes):
                begin = now if outcome == Outcome.RETIRED else now - cycles
                name = title(trace.names, operation, rs1)
                args: dict[str, Any] = {
                    "outcome": Outcome(outcome).name.lower(),
                    "spikes": sum(len(s.neurons) for s in spikes),
                }
                self.put(ph="X", tid=_UNIT, name=name, ts=begin, dur=cycles, args=args)
                counts: dict[int, int] = {}
                for group in spikes:
                    counts[group.descriptor] = counts.get(group.descriptor, 0) + len(group.neurons)
                for population, count in counts.items():
                    what = f"spikes of {trace.names.at(population)}"
                    self.put(ph="C", name=what, ts=begin + cycles, args={"spikes": count})

    def counters(self, view: View) -> None:
        """Instructions for each stretch of cycles."""
        for index in range(0, len(view), _COUNTED):
            end = min(index + _COUNTED, len(view))
            took = max(1, view.time(end) - view.time(index))
            rate = round((end - index) / took, 4)
            self.put(ph="C", name="instructions a cycle", ts=view.time(index), args={"rate": rate})


def write(trace: Trace, out: TextIO) -> None:
    """Write the timeline of a trace."""
    writer = _Writer(out)
    walker = Walker(trace, writer)
    writer.names = walker.functions.names
    walker.walk()
    for view in trace.views():
        writer.counters(view)
        writer.events(trace, view)
    writer.close()
