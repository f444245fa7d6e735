"""A trace that is looked at while it is recorded: each block is shown once, with what belongs to it, and forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from iss.trace.block import Block
from iss.trace.reader import Trace
from iss.trace.recorder import copied
from iss.trace.view import View


class _LastBlocks:
    """The blocks behind the one that was shown last, by number."""

    def __init__(self) -> None:
        self.count = 0
        self.kept: dict[int, Block] = {}

    def __len__(self) -> int:
        return self.count

    def instructions(self, index: int) -> int:
        return len(self.kept[index])

    def first(self, index: int) -> int:
        return self.kept[index].first

    def sparse(self, index: int) -> bool:
        return self.kept[index].number is not None

    def block(self, index: int) -> Block:
        return self.kept[index]

    def release(self, index: int) -> None:
        """They go when they were shown."""


class PassingTrace(Trace):
    """A `iss.trace.recorder.Sink` that shows each block to `look`, in order, in memory for a few blocks."""

    def __init__(self, description: Mapping[str, Any], look: Callable[[View], object]) -> None:
        """`description` is as in `iss.trace.recorder.describe`."""
        self._blocks = _LastBlocks()
        super().__init__(self._blocks, description)
        self._look = look
        self._shown = 0

    def write(self, block: Block) -> None:
        """Take a block; what its last instruction went on to is known with the next one that has instructions."""
        blocks = self._blocks
        if not blocks.count:
            self.first = block.first
        blocks.kept[blocks.count] = copied(block)
        blocks.count += 1
        self._bases.append(self._bases[-1] + len(block))
        if len(block):
            self._show(blocks.count - 1)

    def close(self, end: Mapping[str, Any]) -> None:
        """Show the rest; `end` tells how the run ended."""
        self.end = dict(end)
        self._show(self._blocks.count)

    def _show(self, stop: int) -> None:
        """Show the blocks up to before number `stop`, and forget those that nobody asks for any more."""
        for number in range(self._shown, stop):
            view = self.view(number)
            if len(view) or number == self._blocks.count - 1:
                self._look(view)
        self._shown = max(self._shown, stop)
        self._views.clear()
        needed = self._shown - 1
        while needed > 0 and needed in self._blocks.kept and not len(self._blocks.kept[needed]):
            needed -= 1
        for number in [number for number in self._blocks.kept if number < needed]:
            del self._blocks.kept[number]
