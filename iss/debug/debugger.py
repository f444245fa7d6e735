"""The debugger core: points, and motions in both directions of time. TUI, prompt, gdb server and scripts use this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Final

from iss.debug.arrivals import Arrival, AtDepth, AtLine, BackArrival, BackToDepth, BackToLine, Lines
from iss.debug.expressions import Expression
from iss.debug.history import INTERVAL, History, ReplayedConsole
from iss.debug.places import address_of
from iss.debug.points import Point, PointKind, watched
from iss.debug.scan import Record, Scan
from iss.debug.search import AfterAccess, AfterRegister, AtAddress, Wanted
from iss.errors import NeuroHartError
from iss.loaders.lines import LineTable
from iss.machine import End, Machine, Outcome

_FIRST_PASS: Final = 20_000
_LONGEST_PASS: Final = 4_000_000
"""Instructions that are looked at in one go, at first and at most."""
_UNWATCHED_PASS: Final = 1_000_000
_NEAR: Final = 50
"""The same, of a motion that has an end of its own: mostly it is near."""


class StopKind(Enum):
    """Why a motion ended."""

    STEP = "step"  # it went as far as it was asked to
    POINT = "point"  # a break- or watchpoint was met
    ENDED = "ended"  # the program ended, or nothing more can happen
    BEGINNING = "beginning"  # the history begins here
    INTERRUPTED = "interrupted"  # the user stopped it


@dataclass(frozen=True)
class Stop:
    """How a motion ended; `point`, `old` and `new` belong to POINT, `outcome` to ENDED."""

    kind: StopKind
    text: str
    point: Point | None = None
    old: int | None = None
    new: int | None = None
    outcome: Outcome | None = None


class Debugger:
    """A machine with points and a history. `console` must be the one the machine writes to."""

    def __init__(self, machine: Machine, console: ReplayedConsole | None = None, interval: int = INTERVAL) -> None:
        self.machine = machine
        self.history = History(machine, console, interval)
        self.points: dict[int, Point] = {}
        self.cancelled: Callable[[], bool] = lambda: False
        """Asked now and then during a long motion; true ends it."""
        self.between: Callable[[], object] = lambda: None  # called now and then during long motions
        self.longest_pass: int | None = None  # instructions between two calls of `between`; None: as suits the search
        self._number = 0

    # Looking --------------------------------------------------------------------------------------------------------
    @property
    def now(self) -> int:
        """Instructions retired at the present moment."""
        return self.history.now

    def evaluate(self, text: str) -> int:
        """The value of an expression now; ExpressionError if it has none."""
        return Expression(text).evaluate(self.machine)

    def interrupt(self) -> None:
        """End the present motion soon, as INTERRUPTED; for signal handlers and other threads."""
        self.history.interrupted = True

    def _interrupted(self) -> Stop | None:
        if not (self.history.interrupted or self.cancelled()):
            return None
        self.history.interrupted = False
        return Stop(StopKind.INTERRUPTED, f"interrupted at instruction {self.now}")

    # Points ---------------------------------------------------------------------------------------------------------
    def break_at(self, place: str, condition: str | None = None, *, ignore: int = 0, temporary: bool = False) -> Point:
        """Stop before the instruction at `place`: symbol, symbol+offset, *address or file:line."""
        wanted = AtAddress((address_of(place, self.machine),))
        point = Point(self._next(), PointKind.BREAK, place, wanted, ignore=ignore, temporary=temporary)
        return self._add(point, condition)

    def watch(
        self, text: str, condition: str | None = None, *, kind: PointKind = PointKind.WATCH, ignore: int = 0
    ) -> Point:
        """Stop after an expression has changed: a register, CSR, memory, neuron or any mixture of them."""
        wanted, value = watched(text, kind, self.machine)
        return self._add(Point(self._next(), kind, text, wanted, value, ignore=ignore), condition)

    def delete(self, number: int) -> None:
        """Remove a point; NeuroHartError if there is none of this number."""
        del self.points[self.point(number).number]

    def point(self, number: int) -> Point:
        """The point of this number; NeuroHartError if there is none."""
        if number not in self.points:
            known = ", ".join(map(str, self.points)) or "none"
            raise NeuroHartError(f"there is no break- or watchpoint {number}; there are: {known}")
        return self.points[number]

    def _next(self) -> int:
        return self._number + 1

    def _add(self, point: Point, condition: str | None) -> Point:
        if condition is not None:
            point.condition = Expression(condition)
            point.condition.evaluate(self.machine)
        self._number = point.number
        self.points[point.number] = point
        return point

    @property
    def _active(self) -> list[Point]:
        return [point for point in self.points.values() if point.enabled]

    # Forwards -------------------------------------------------------------------------------------------------------
    def step(self, count: int = 1) -> Stop:
        """Run `count` instructions, whatever the points say."""
        return self._run_to(self.now + count)

    def resume(self) -> Stop:
        """Run until a point is met or the program ends."""
        return self._forward(None)

    def next(self) -> Stop:
        """Run one instruction, a call as a whole."""
        return self._forward(AtDepth(0))

    def step_line(self) -> Stop:
        """Run to the beginning of another source line, into functions that have lines; without them an instruction."""
        return self._line(into=True) or self.step()

    def next_line(self) -> Stop:
        """The same, calls as a whole."""
        return self._line(into=False) or self.next()

    def _line(self, *, into: bool) -> Stop | None:
        pc = self.machine.hart.pc
        if not self._known_line(pc):
            return None
        return self._forward(AtLine(self._lines, self.now, pc, into=into))

    @cached_property
    def _lines(self) -> Lines:
        image = self.machine.image
        return Lines(image.lines if image is not None else LineTable())

    def _known_line(self, pc: int) -> bool:
        return self.machine.image is not None and self.machine.image.lines.at(pc) is not None

    def finish(self) -> Stop:
        """Run until the present function has returned."""
        return self._forward(AtDepth(-1))

    def until(self, place: str) -> Stop:
        """Run until `place` or a point is met."""
        number = self._number
        point = self.break_at(place, temporary=True)
        try:
            return self.resume()
        finally:
            self.points.pop(point.number, None)
            self._number = number

    def find(self, wanted: Wanted, text: str, *, back: bool = False) -> Stop:
        """Go to the next or last moment before which something is wanted, whatever the points say; `text` names it."""
        points, self.points = self.points, {0: Point(0, PointKind.BREAK, text, wanted)}
        try:
            stop = self.resume_back() if back else self.resume()
        finally:
            self.points = points
        return replace(stop, text=f"{text}: at instruction {self.now}", point=None) if stop.point is not None else stop

    def last_write(self, text: str) -> Stop:
        """Go back to before the instruction that wrote a register, CSR or memory last; ExpressionError.

        Of the coprocessor's commands that may have written it, those count that changed it.
        """
        wanted, value = watched(text, PointKind.WATCH, self.machine)
        changed = Point(0, PointKind.WATCH, text, wanted, value)
        points, self.points = self.points, {0: changed}
        if isinstance(wanted, AfterAccess):
            stores = AfterAccess(wanted.low, wanted.high, commands=False)
            self.points[1] = Point(1, PointKind.WRITE, text, stores)
        elif isinstance(wanted, AfterRegister):
            self.points[1] = Point(1, PointKind.WRITE, text, wanted)
        try:
            stop = self.resume_back()
        finally:
            self.points = points
        if stop.point is None:
            return stop
        return replace(stop, text=f"{text} was written by the instruction here, {self.now}", point=None)

    def goto(self, retired: int) -> Stop:
        """Go to the moment at which `retired` instructions have retired, in either direction."""
        if retired <= self.history.latest:
            return self._ended(self.history.seek(retired)) or self._here()
        self.history.seek(max(self.now, self.history.latest))
        return self._run_to(retired)

    def _run_to(self, retired: int) -> Stop:
        """Run on, whatever the points say."""
        if (ended := self._at_end()) is not None:
            return ended
        self.history.interrupted = False
        while self.now < retired:
            piece = min(retired - self.now, self.longest_pass or self.history.interval)
            stop = self._ended(self.history.run(piece)) or self._interrupted()
            if stop is not None:
                return stop
            if self.now < retired:
                self.between()
        return self._here()

    # Backwards ------------------------------------------------------------------------------------------------------
    def step_back(self, count: int = 1) -> Stop:
        """Undo `count` instructions, whatever the points say."""
        target = self.now - count
        if target < self.history.earliest:
            return self._beginning()
        self.history.seek(target)
        return self._here()

    def resume_back(self) -> Stop:
        """Go back to where a point was met last: before the instruction at a breakpoint or the change of a value."""
        return self._backward(None)

    def next_back(self) -> Stop:
        """Undo one instruction, a call as a whole."""
        return self._backward(BackToDepth(0))

    def step_line_back(self) -> Stop:
        """Go back to the beginning of this source line or, from there, of the line before; without lines a step."""
        return self._line_back(into=True) or self.step_back()

    def next_line_back(self) -> Stop:
        """The same, calls as a whole."""
        return self._line_back(into=False) or self.next_back()

    def _line_back(self, *, into: bool) -> Stop | None:
        if not self._known_line(self.machine.hart.pc):
            return None
        return self._backward(BackToLine(self._lines, into=into))

    def finish_back(self) -> Stop:
        """Go back to the call of the present function."""
        return self._backward(BackToDepth(-1))

    def _backward(self, arrival: BackArrival | None) -> Stop:
        """Go back to where a point was last met or `arrival` was."""
        start, end, length, depth = self.now, self.now, _FIRST_PASS, 0
        self.history.interrupted = False
        while end > self.history.earliest:
            if (interrupted := self._interrupted()) is not None:
                self.history.seek(start)
                return interrupted
            self.between()
            begin = max(self.history.checkpoint_before(end), end - length)
            self.history.seek(begin)
            for point in self._active:
                point.prepare(self.machine)
            record = Record(self.history, [point.wanted for point in self._active])
            record.run(end - begin)
            arrived = None
            if arrival is not None:
                stretch = record.stretch(depth)
                arrived = arrival.look(stretch)
                depth = int(stretch.depth[0]) if len(stretch.depth) else depth
            stop = self._last_met(record, begin, start, arrived)
            if stop is not None:
                return stop
            end, length = begin, min(8 * length, _LONGEST_PASS)
            if self.cancelled():
                self.history.seek(begin)
                return Stop(StopKind.INTERRUPTED, f"interrupted at instruction {self.now}")
        if arrival is not None and arrival.best is not None:
            self.history.seek(arrival.best)
            return self._here()
        return self._beginning()

    def _last_met(self, record: Scan, begin: int, start: int, arrived: int | None) -> Stop | None:
        """Go to the latest moment in [begin, start) at which a point was met, or to `arrived` if that is later.

        Breakpoints are met before an instruction; the moment of a watchpoint is after it, where to stop before it.
        """
        found: tuple[int, tuple[Point, tuple[int | None, int | None]]] | None = None
        self.history.seek(begin)
        for moment in record.found.tolist():
            if moment > start:
                break
            self.history.seek(moment)
            for point in self._active:
                values = point.met(self.machine, record.following.get(moment, self.machine.hart.pc))
                place = moment if point.kind is PointKind.BREAK else moment - 1
                if values is not None and begin <= place < start:
                    found = place, (point, values)
        if found is not None and (arrived is None or found[0] >= arrived):
            self.history.seek(found[0])
            return self._at_point(found[1][0], *found[1][1])
        if arrived is None:
            return None
        self.history.seek(arrived)
        return self._here()

    def _beginning(self) -> Stop:
        self.history.seek(self.history.earliest)
        return Stop(StopKind.BEGINNING, f"the history begins here, at instruction {self.now}")

    def _forward(self, arrival: Arrival | None) -> Stop:
        """Run on until a point is met or `arrival` is."""
        if (ended := self._at_end()) is not None:
            return ended
        if arrival is None and not self._active:
            return self._to_the_end()
        start, known = self.now, self.history.latest
        first = _FIRST_PASS if arrival is None else _NEAR
        length = min(first, self.longest_pass or first)
        self.history.interrupted = False
        for point in self._active:
            point.prepare(self.machine)
        while True:
            wanted = [point.wanted for point in self._active]
            scan = Scan(self.history, wanted, start, until_found=True, arrival=arrival)
            self.history.console.holding = True
            try:
                outcome = scan.run(length)
                end = self.now
                stop = self._first_met(scan, scan.arrived)
                if stop is not None:
                    self.history.end_at(max(known, self.now))
                    return stop
                if self.now != end:
                    outcome = self.history.seek(end)
            finally:
                self.history.console.holding = False
                self.history.console.deliver()
            if outcome.end is not End.PAUSED and (stop := self._ended(outcome)) is not None:
                return stop
            if (interrupted := self._interrupted()) is not None:
                return interrupted
            self.between()
            length = min(8 * length, self.longest_pass or self.history.interval)

    def _to_the_end(self) -> Stop:
        """Run on with nothing to stop at: at full speed."""
        self.history.interrupted = False
        while True:
            outcome = self.history.run(self.longest_pass or _UNWATCHED_PASS)
            stop = self._ended(outcome) or self._interrupted()
            if stop is not None:
                return stop
            self.between()

    def _first_met(self, scan: Scan, arrived: int | None) -> Stop | None:
        """Go through candidate moments until a point is met, or to `arrived`."""
        for moment in scan.found.tolist():
            if arrived is not None and moment > arrived:
                break
            if (interrupted := self._interrupted()) is not None:
                return interrupted
            self.history.seek(moment)
            stop = self._met_here(scan.following.get(moment, self.machine.hart.pc))
            if stop is not None:
                return stop
        if arrived is None:
            return None
        self.history.seek(arrived)
        return self._here()

    def _met_here(self, following: int) -> Stop | None:
        met = []
        for point in self._active:
            values = point.met(self.machine, following)
            if values is None:
                continue
            if point.ignore:
                point.ignore -= 1
                continue
            point.hits += 1
            met.append((point, values))
        if not met:
            return None
        point, (old, new) = met[0]
        if point.temporary:
            self.points.pop(point.number, None)
        return self._at_point(point, old, new)

    @staticmethod
    def _at_point(point: Point, old: int | None, new: int | None) -> Stop:
        change = "" if old is None or new is None else f": {old:#x} -> {new:#x}" if old != new else f": {new:#x}"
        text = f"{point.kind.value} {point.number}, {point.text}{change}"
        return Stop(StopKind.POINT, text, point, old, new)

    def _here(self) -> Stop:
        return Stop(StopKind.STEP, f"at instruction {self.now}")

    def _at_end(self) -> Stop | None:
        """The end of the program, if it is here."""
        history = self.history
        return self._ended(history.last) if history.last is not None and self.now >= history.latest else None

    def _ended(self, outcome: Outcome) -> Stop | None:
        if outcome.end in (End.LIMIT, End.PAUSED):
            return None
        kind = StopKind.INTERRUPTED if outcome.end is End.INTERRUPTED else StopKind.ENDED
        return Stop(kind, outcome.reason, outcome=outcome)
