"""Going to any instruction count: checkpoints of the machine, and deterministic replay from the nearest one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Final

from iss.debug import snapshot
from iss.debug.snapshot import Snapshot
from iss.errors import NeuroHartError
from iss.machine import End, Machine, Outcome

INTERVAL: Final = 10_000
"""Instructions between the first checkpoints; the longer the history, the farther they are apart."""
_NEVER: Final = 1 << 62
MOST_CHECKPOINTS: Final = 64
"""Then every other one is dropped and the interval doubled."""


class ReplayedConsole:
    """Console output that happens again in a replay is not shown again.

    `position` counts the bytes the firmware has written at the machine's present time, `text` holds all of them up to
    the latest time that was reached. While `holding` nothing is handed on: a search looks farther than it goes.
    """

    def __init__(self, sink: Callable[[bytes], object] | None = None) -> None:
        self.sink = sink or (lambda data: None)
        self.text = bytearray()
        self.position = self._delivered = 0
        self.holding = False

    def write(self, data: bytes) -> None:
        """Take output of the firmware: the argument `console` of Machine."""
        end = self.position + len(data)
        if end > len(self.text):
            self.text += data[len(self.text) - end :]
        self.position = end
        if not self.holding:
            self.deliver()

    def deliver(self) -> None:
        """Hand on what has been written up to the present time and was not handed on before."""
        fresh = bytes(self.text[self._delivered : self.position])
        if fresh:
            self._delivered = self.position
            self.sink(fresh)

    def forget(self) -> None:
        """Forget what was written after the present time, as far as nobody has seen it."""
        del self.text[max(self.position, self._delivered) :]

    def cut(self) -> None:
        """Forget what was written after the present time, which will not come again."""
        del self.text[self.position :]
        self._delivered = min(self._delivered, self.position)

    @property
    def shown(self) -> bytes:
        """What had been written at the machine's present time."""
        return bytes(self.text[: self.position])


class History:
    """The past of a machine. Everything that moves it must go through `run` and `seek`."""

    def __init__(self, machine: Machine, console: ReplayedConsole | None = None, interval: int = INTERVAL) -> None:
        """`console` is the one the machine writes to; NeuroHartError for an impossible interval."""
        if interval < 1:
            raise NeuroHartError(f"interval {interval} is impossible; give the instructions between checkpoints")
        self.machine, self.console, self.interval = machine, console or ReplayedConsole(), interval
        self.interrupted = False  # somebody wants the present motion to end
        self._checkpoints: list[tuple[Snapshot, int]] = []
        self.latest = machine.hart.retired  # how far the machine has been
        self.last: Outcome | None = None  # how the run ended there, if it has
        self._pinned: tuple[Snapshot, int] | None = None
        self._changes: list[int] = []  # moments at which the user has changed something: where runs take it up
        self._typed: list[tuple[int, int]] = []  # moments, and bytes that had been typed up to each of them
        self.version = 0  # counts how often the user has changed the course of things
        self._checkpoint()

    @property
    def now(self) -> int:
        """Instructions retired at the present time."""
        return self.machine.hart.retired

    @property
    def earliest(self) -> int:
        """The time where the history begins."""
        return self._checkpoints[0][0].retired

    @property
    def checkpoints(self) -> tuple[int, ...]:
        """The times of the checkpoints."""
        return tuple(kept.retired for kept, _ in self._checkpoints)

    def run(self, instructions: int) -> Outcome:
        """Run `instructions` more, making checkpoints; the Outcome's end is LIMIT unless the run ended before."""
        target = self.now + instructions
        while True:
            following = (self.now // self.interval + 1) * self.interval
            change = next((moment for moment in self._changes if moment > self.now), _NEVER)
            outcome = self.machine.run(min(target, following, change) - self.now)
            self.latest = max(self.latest, self.now)
            if outcome.end is not End.LIMIT:
                self.last = self.last if outcome.end in (End.INTERRUPTED, End.PAUSED) else outcome
                return outcome
            if self.now == change:
                self._restore(self._checkpoints[self._checkpoint_at(change)])
            elif self.now == following:
                self._checkpoint()
            if self.now >= target:
                return outcome

    def seek(self, retired: int) -> Outcome:
        """Go to the moment at which `retired` instructions have retired, back or forward.

        NeuroHartError if that lies before the history begins. Going beyond the end of the program stops there.
        """
        if retired < self.earliest:
            raise NeuroHartError(f"instruction {retired} is before the history, which begins at {self.earliest}")
        kept = self._checkpoints[self._checkpoint_at(retired)]
        if self._pinned is not None and kept[0].retired < self._pinned[0].retired <= retired:
            kept = self._pinned
        if retired < self.now or kept[0].retired > self.now:
            self._restore(kept)
        return self.run(retired - self.now)

    def pin(self) -> None:
        """Keep the present moment until another one is pinned: somebody will come back to it soon."""
        if self._pinned is None or self._pinned[0].retired != self.now:
            known = self._checkpoints[self._checkpoint_at(self.now)][0]
            self._pinned = snapshot.take(self.machine, known), self.console.position

    def _checkpoint_at(self, retired: int) -> int:
        """The last checkpoint that is not later."""
        return bisect_right(self._checkpoints, retired, key=lambda kept: kept[0].retired) - 1

    def snapshots(self) -> tuple[Snapshot, ...]:
        """The checkpoints themselves, ascending."""
        return tuple(kept for kept, _ in self._checkpoints)

    def checkpoint_before(self, moment: int) -> int:
        """The time of the latest checkpoint before a moment; there must be one."""
        index = bisect_left(self._checkpoints, moment, key=lambda kept: kept[0].retired) - 1
        return self._checkpoints[index][0].retired

    def _restore(self, checkpoint: tuple[Snapshot, int]) -> None:
        kept, self.console.position = checkpoint
        typed = [count for moment, count in self._typed if moment <= kept.retired]
        total = self._typed[-1][1] if self._typed else 0
        self.machine.console_input.hide(total - (typed[-1] if typed else 0))
        snapshot.restore(self.machine, kept)

    def type(self, data: bytes) -> None:
        """Let the firmware's console have input from now on; what came after the present time is forgotten."""
        console_input = self.machine.console_input
        console_input.unfeed()
        console_input.feed(data)
        self._typed = [typed for typed in self._typed if typed[0] <= self.now]
        before = self._typed[-1][1] if self._typed else 0
        self._typed.append((self.now, before + len(data)))
        self.rewrite()

    def rewrite(self) -> None:
        """Forget what came after the present time: the user has changed the machine."""
        self._checkpoints = [kept for kept in self._checkpoints if kept[0].retired < self.now]
        self.latest, self.last, self._pinned = self.now, None, None
        self.version += 1
        self._changes = [*(moment for moment in self._changes if moment < self.now), self.now]
        if any(moment > self.now for moment, _ in self._typed):
            self._typed = [typed for typed in self._typed if typed[0] <= self.now]
            self.machine.console_input.unfeed()
        self.console.cut()
        self._checkpoint()

    def end_at(self, moment: int) -> None:
        """Take no notice of how far a search has looked beyond a moment: that depends on the engine."""
        if moment < self.latest:
            self.latest, self.last = moment, None
        self.console.forget()

    def _checkpoint(self) -> None:
        previous = self._checkpoints[-1][0] if self._checkpoints else None
        if previous is not None and previous.retired >= self.now:
            return
        self._checkpoints.append((snapshot.take(self.machine, previous), self.console.position))
        if len(self._checkpoints) > MOST_CHECKPOINTS:
            dropped = {kept.retired for kept, _ in self._checkpoints[1::2]} - set(self._changes)
            self._checkpoints = [kept for kept in self._checkpoints if kept[0].retired not in dropped]
            self.interval *= 2
