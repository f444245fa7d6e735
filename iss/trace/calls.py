"""Calls in a trace: which functions are active when, from jumps that link, returns and traps.

The stack is what the program's jumps make it. A function that is entered without a call (a tail call, or code that
falls through) takes the place of the one before; a return that fits no frame does so, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

import numpy as np

from iss.trace.block import Array
from iss.trace.decoding import Decoded
from iss.trace.events import Kind
from iss.trace.reader import Trace
from iss.trace.view import View

_FLOW_NONE, _FLOW_CALL, _FLOW_RETURN, _FLOW_TRAP_RETURN = range(4)
DEEPEST: Final = 4096
"""Frames that are kept; deeper ones are counted as their callers."""


class Frame(NamedTuple):
    """An active function: its name's number in `Functions`, whether a trap began it."""

    function: int
    is_trap: bool


class Functions:
    """Numbers for functions; the function of an address is that of `Names`."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._numbers: dict[str, int] = {}
        self._by_pc: dict[int, int] = {}
        self.names: list[str] = []
        self.frames: list[Frame] = []
        """Of each function, without a trap."""

    def number(self, pc: int) -> int:
        """The function of an address."""
        found = self._by_pc.get(pc)
        if found is None:
            symbol = self._trace.names.function(pc)
            name = symbol.name if symbol is not None else f"{pc & ~0xFFF:#010x}"
            found = self._numbers.setdefault(name, len(self._numbers))
            if found == len(self.names):
                self.names.append(name)
                self.frames.append(Frame(found, False))
            self._by_pc[pc] = found
        return found

    def of(self, view: View) -> Array:
        """The function of each instruction, [n]."""
        numbers: Array = np.array([self.number(int(pc)) for pc in view.block.site_pc], np.int64)[view.block.site]
        return numbers


class Observer(Protocol):
    """Is told what happens, in order; `index` is the instruction before which it happens, in its view."""

    def enter(self, view: View, index: int, stack: list[Frame], caller: int | None) -> None:
        """A frame was pushed; `caller` is the pc of the call, None for traps."""

    def leave(self, view: View, index: int, stack: list[Frame]) -> None:
        """The last frame of `stack` is about to be popped."""

    def replace(self, view: View, index: int, stack: list[Frame], function: int) -> None:
        """The last frame of `stack` is about to become another function."""

    def run(self, view: View, begin: int, end: int, stack: list[Frame]) -> None:
        """Instructions begin..end-1 of a view run in the last frame of `stack`."""

    def interrupted(self, view: View, index: int, stack: list[Frame], pc: int) -> None:
        """A trap came instead of the instruction at `pc`, which belongs to the last frame of `stack`."""


def _flow(decoded: Decoded) -> int:
    if decoded.is_call:
        return _FLOW_CALL
    if decoded.is_return:
        return _FLOW_RETURN
    return _FLOW_TRAP_RETURN if decoded.mnemonic == "mret" else _FLOW_NONE


def traps(view: View) -> dict[int, list[int]]:
    """The pcs at which traps came before an instruction, by its index."""
    found: dict[int, list[int]] = {}
    for place in np.flatnonzero((view.kinds == Kind.TRAP) | (view.kinds == Kind.INTERRUPT)).tolist():
        found.setdefault(int(view.block.event_index[place]), []).append(int(view.block.event["a"][place]))
    return found


class Leaves(NamedTuple):
    """Calls of functions that call nothing, [k] each: instructions begin..end-1 of a block, called from `caller`, a pc.

    `functions` and `callers` are the numbers of the functions called and of those that call.
    """

    begin: Array
    end: Array
    functions: Array
    callers: Array
    caller: Array


def _leaves(
    view: View, starts: Array, flow: Array, functions: Array, came: dict[int, list[int]]
) -> tuple[Leaves, Array]:
    """The leaves among the stretches [s] of a block, and which stretches they are or follow."""
    trapped = np.isin(starts, list(came))
    commands = view.block.event_index[view.kinds == Kind.COMMAND]
    found = np.zeros(len(starts), bool)
    found[1:-1] = (flow[1:-1] == _FLOW_CALL) & (flow[2:] == _FLOW_RETURN) & (functions[2:] == functions[:-2])
    found[1:-1] &= ~trapped[1:-1] & ~trapped[2:]
    found[1:-1] &= np.searchsorted(commands, starts[1:-1]) == np.searchsorted(commands, starts[2:])
    places = np.flatnonzero(found)
    within = found.copy()
    within[places + 1] = True
    begin = starts[places]
    return Leaves(begin, starts[places + 1], functions[places], functions[places - 1], view.pc[begin - 1]), within


@dataclass
class Walker:
    """Follows a trace from its beginning; `functions` names what it finds.

    With `leaves` the observer is not told of calls that return within a block before anything else happens, neither by
    `enter` nor by `leave`, and its `run` has them inside: `leaves` gets them all, once a block, behind the rest.
    """

    trace: Trace
    observer: Observer
    leaves: Callable[[View, Leaves], None] | None = None
    functions: Functions = field(init=False)
    stack: list[Frame] = field(default_factory=list)
    _hidden: int = 0  # calls below DEEPEST
    _before: tuple[int, int, int] = (_FLOW_NONE, -1, 0)  # flow, function and pc of the instruction before the block
    _last: View | None = None

    def __post_init__(self) -> None:
        self.functions = Functions(self.trace)

    def walk(self) -> None:
        """Tell the observer everything in a trace; what is active at the end is left in order."""
        for view in self.trace.views():
            self.take(view)
        self.finish()

    def take(self, view: View) -> None:
        """Tell the observer what happens in the next block."""
        self._last = view
        if not len(view):
            return
        before, before_function, before_pc = self._before
        flow, function = view.each(_flow, np.int64), self.functions.of(view)
        came = traps(view)
        earlier_flow = np.concatenate([[before], flow[:-1]])
        changes = earlier_flow != _FLOW_NONE
        changes |= np.concatenate([[before_function], function[:-1]]) != function
        changes[[0, *(index for index in came if index < len(view))]] = True
        starts = np.flatnonzero(changes)
        leaves = None
        if self.leaves is not None:
            leaves, within = _leaves(view, starts, earlier_flow[starts], function[starts], came)
            starts = starts[~within]
        rows = zip(
            starts.tolist(),
            np.append(starts[1:], len(view)).tolist(),
            function[starts].tolist(),
            earlier_flow[starts].tolist(),
            np.where(starts, view.pc[starts - 1], before_pc).tolist(),
            strict=True,
        )
        stack, observer, frames = self.stack, self.observer, self.functions.frames
        for begin, end, entered, came_by, caller in rows:
            if begin in came:
                self._trap(view, begin, came[begin], came_by, caller)
                self._push(view, begin, Frame(entered, True), None)
            elif came_by == _FLOW_CALL and 0 < len(stack) < DEEPEST:  # the usual cases of `_move` first
                stack.append(frames[entered])
                observer.enter(view, begin, stack, caller)
            elif came_by == _FLOW_RETURN and self._fits(entered):
                observer.leave(view, begin, stack)
                stack.pop()
            else:
                self._move(view, begin, entered, came_by, caller)
            observer.run(view, begin, end, stack)
        if self.leaves is not None and leaves is not None:
            self.leaves(view, leaves)
        self._before = int(flow[-1]), int(function[-1]), int(view.pc[-1])

    def finish(self) -> None:
        """Leave what is active behind the last block."""
        while self.stack and self._last is not None:
            self._pop(self._last, len(self._last))

    def _trap(self, view: View, index: int, pcs: list[int], flow: int, caller: int) -> None:
        """Go to where the program would have gone on; of several traps each came in the handler of the one before."""
        self._move(view, index, self.functions.number(pcs[0]), flow, caller)
        self.observer.interrupted(view, index, self.stack, pcs[0])
        for pc in pcs[1:]:
            self._push(view, index, Frame(self.functions.number(pc), True), None)
            self.observer.interrupted(view, index, self.stack, pc)

    def _move(self, view: View, index: int, function: int, flow: int, caller: int) -> None:
        if flow == _FLOW_CALL:
            self._push(view, index, Frame(function, False), caller)
        elif flow == _FLOW_TRAP_RETURN and any(frame.is_trap for frame in self.stack):
            while not self.stack[-1].is_trap:
                self._pop(view, index)
            self._pop(view, index)
        elif flow == _FLOW_RETURN:
            self._return(view, index, function)
        if not self.stack:
            self._push(view, index, Frame(function, False), None)
        elif self.stack[-1].function != function:
            self.observer.replace(view, index, self.stack, function)
            self.stack[-1] = Frame(function, self.stack[-1].is_trap)

    def _fits(self, function: int) -> bool:
        """Whether a return to this function ends the last frame and nothing else."""
        stack = self.stack
        return not self._hidden and len(stack) > 1 and not stack[-1].is_trap and stack[-2].function == function

    def _return(self, view: View, index: int, function: int) -> None:
        if self._hidden:
            self._hidden -= 1
            return
        for depth in range(len(self.stack) - 1, 0, -1):
            if self.stack[depth].is_trap:
                return
            if self.stack[depth - 1].function == function:
                while len(self.stack) > depth:
                    self._pop(view, index)
                return

    def _push(self, view: View, index: int, frame: Frame, caller: int | None) -> None:
        if len(self.stack) >= DEEPEST:
            self._hidden += 1
            return
        self.stack.append(frame)
        self.observer.enter(view, index, self.stack, caller)

    def _pop(self, view: View, index: int) -> None:
        self.observer.leave(view, index, self.stack)
        self.stack.pop()
