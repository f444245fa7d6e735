"""Counts what a trace does by stack and address, one block after the other, in memory for the counts only."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from iss.trace.block import Array
from iss.trace.calls import Frame, Leaves, Walker
from iss.trace.commands import Issue
from iss.trace.profile.blocks import BlockCosts
from iss.trace.reader import Trace
from iss.trace.view import View

ROOT: Final = -1
MOST_NODES: Final = 1 << 18
"""Stacks that are told apart; what is above more of them counts for the frame below."""
_DENSE: Final = 1 << 22  # cells of a table that is worth it


class Node(NamedTuple):
    """A stack: its last frame, and the number of the stack below, ROOT if there is none."""

    below: int
    frame: Frame


class Place(NamedTuple):
    """An address in a stack."""

    node: int
    pc: int


@dataclass
class Counted:
    """What was counted somewhere; `engine` are the cycles of commands among it, by the address of their issue."""

    instructions: int = 0
    cycles: int = 0
    accesses: int = 0
    engine: dict[int, int] = field(default_factory=dict)

    def add(self, other: Counted) -> None:
        """Count more."""
        self.instructions += other.instructions
        self.cycles += other.cycles
        self.accesses += other.accesses
        for site, cycles in other.engine.items():
            self.engine[site] = self.engine.get(site, 0) + cycles


@dataclass
class Commanded:
    """Commands to the coprocessor: how many retired and were suspended, their cycles and spikes."""

    count: int = 0
    suspended: int = 0
    cycles: int = 0
    spikes: int = 0


class CommandKey(NamedTuple):
    """Which commands: where they were issued, operation, address of the descriptor (0: none)."""

    place: Place
    operation: int
    descriptor: int


class EdgeKey(NamedTuple):
    """Which calls: number of the calling function, address, number of the function called."""

    caller: int
    pc: int
    callee: int


@dataclass
class Edge:
    """Calls, and what was counted until they returned."""

    count: int = 0
    spent: Counted = field(default_factory=Counted)


class _Active(NamedTuple):
    """A call that has not returned: its edge, and instructions, cycles, accesses and commands when it began."""

    edge: Edge | None
    instructions: int
    cycles: int
    accesses: int
    engine: tuple[int, ...]


class Collector:
    """Takes the blocks of a trace; its tables are complete after `finish`."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.nodes: list[Node] = []
        self.own: dict[Place, Counted] = {}
        self.asleep: Counter[int] = Counter()  # cycles by node, also counted in `own`
        self.commands: dict[CommandKey, Commanded] = {}  # also counted in `own`
        self.edges: dict[tuple[int, int, int], Edge] = {}  # by EdgeKey
        self.entered: Counter[Frame] = Counter()
        self.words: dict[int, int] = {}  # by pc
        self._walker = Walker(trace, self, self._leaves)
        self.functions = self._walker.functions
        self._children: dict[tuple[int, Frame], int] = {}
        self._path: list[int] = []  # nodes of the stack
        self._active: list[_Active] = []
        self._instructions = self._cycles = self._accesses = 0  # up to the block
        self._length, self._cycles_before, self._accesses_before = 0, [0], [0]  # in the block
        self._engine: list[int] = []  # cycles of commands up to now, by number of site
        self._sites: dict[int, int] = {}
        self._last: Place | None = None
        self._begins: list[int] = []
        self._runs: list[int] = []
        self._due: deque[Issue] = deque()

    def take(self, view: View) -> None:
        """Count the next block."""
        self._instructions += self._length
        self._cycles += self._cycles_before[-1]
        self._accesses += self._accesses_before[-1]
        self._costs = costs = BlockCosts(view)
        self._length = len(view)
        self._cycles_before, self._accesses_before = costs.cycles_before.tolist(), costs.accesses_before.tolist()
        for index, cycles in costs.sleeps:
            if index < 0 and self._last is not None:
                self._charge(self._last, cycles)
                self.asleep[self._last.node] += cycles
        self._begins, self._runs, self._due = [], [], deque(costs.own)
        if len(view):
            self._walker.take(view)
            self._count(view)
        self._engine_up_to(view, len(view))
        for issue in (*self._due, *costs.interrupted.get(len(view), ())):  # behind the last instruction
            if self._last is not None:
                self._command(issue, self._last)
                self._charge(self._last, issue.cycles, self._last.pc)
        self._due.clear()

    def finish(self) -> None:
        """End the calls that are active."""
        self._walker.finish()
        for (_, _, callee), edge in self.edges.items():
            self.entered[self.functions.frames[callee]] += edge.count

    # What the walker tells ------------------------------------------------------------------------------------------
    def enter(self, view: View, index: int, stack: list[Frame], caller: int | None) -> None:
        """A frame was pushed."""
        frame, path = stack[-1], self._path
        below = path[-1] if path else ROOT
        node = self._children.get((below, frame))
        path.append(self._node(below, frame) if node is None else node)
        edge = None
        if caller is not None and len(stack) > 1:
            key = (stack[-2].function, caller, frame.function)
            edge = self.edges.get(key)
            if edge is None:
                edge = self.edges[EdgeKey(*key)] = Edge()
        else:
            self.entered[frame] += 1
        if self._due:
            self._engine_up_to(view, index)
        self._active.append(
            _Active(
                edge,
                self._instructions + index,
                self._cycles + self._cycles_before[index],
                self._accesses + self._accesses_before[index],
                tuple(self._engine),
            )
        )

    def leave(self, view: View, index: int, stack: list[Frame]) -> None:
        """The last frame is about to be popped."""
        self._path.pop()
        edge, instructions, cycles, accesses, engine = self._active.pop()
        if edge is None:
            return
        if self._due:
            self._engine_up_to(view, index)
        edge.count += 1
        spent = edge.spent
        spent.instructions += self._instructions + index - instructions
        spent.cycles += self._cycles + self._cycles_before[index] - cycles
        spent.accesses += self._accesses + self._accesses_before[index] - accesses
        for site, number in self._sites.items():
            took = self._engine[number] - (engine[number] if number < len(engine) else 0)
            if took:
                spent.engine[site] = spent.engine.get(site, 0) + took

    def replace(self, view: View, index: int, stack: list[Frame], function: int) -> None:
        """The last frame is about to become another function."""
        below = self._path[-2] if len(self._path) > 1 else ROOT
        self._path[-1] = self._node(below, Frame(function, stack[-1].is_trap))

    def run(self, view: View, begin: int, end: int, stack: list[Frame]) -> None:
        """Instructions run in the last frame."""
        self._begins.append(begin)
        self._runs.append(self._path[-1])

    def _leaves(self, view: View, leaves: Leaves) -> None:
        """Calls that return before anything else happens are counted together."""
        if not len(leaves.begin):
            return
        begins, runs, count = np.array(self._begins), np.array(self._runs), len(self.functions.names)
        below = runs[np.searchsorted(begins, leaves.begin, side="right") - 1]
        kinds, kind = np.unique(below * count + leaves.functions, return_inverse=True)
        frames = self.functions.frames
        nodes = np.array([self._node(int(key) // count, frames[int(key) % count]) for key in kinds])
        order = np.argsort(starts := np.concatenate([begins, leaves.begin, leaves.end]))
        self._begins = starts[order].tolist()
        self._runs = np.concatenate([runs, nodes[kind.reshape(-1)], below])[order].tolist()
        pairs = (leaves.callers * count + leaves.functions).astype(np.uint64) << np.uint64(32)
        keys, key = np.unique(pairs + leaves.caller.astype(np.uint64), return_inverse=True)
        sums = [
            np.bincount(key.reshape(-1), column[leaves.end] - column[leaves.begin], len(keys)).astype(np.int64).tolist()
            for column in (np.arange(len(view) + 1), self._costs.cycles_before, self._costs.accesses_before)
        ]
        calls = np.bincount(key.reshape(-1)).tolist()
        for number, times, *spent in zip(keys.tolist(), calls, *sums, strict=True):
            caller, callee = divmod(number >> 32, count)
            edge = self.edges.setdefault(EdgeKey(caller, number & 0xFFFF_FFFF, callee), Edge())
            edge.count += times
            edge.spent.add(Counted(*spent))

    def interrupted(self, view: View, index: int, stack: list[Frame], pc: int) -> None:
        """A trap came; a command that was suspended or ended by it belongs to this stack."""
        for issue in self._costs.interrupted.pop(index, ()):
            place = Place(self._path[-1], pc)
            self._command(issue, place)
            self._charge(place, issue.cycles, pc)

    def _node(self, below: int, frame: Frame) -> int:
        key = Node(below, frame)
        found = self._children.get(key)
        if found is None:
            if len(self.nodes) >= MOST_NODES and below != ROOT:
                return below
            found = self._children[key] = len(self.nodes)
            self.nodes.append(key)
        return found

    # Counting -------------------------------------------------------------------------------------------------------
    def _charge(self, place: Place, cycles: int, site: int | None = None) -> None:
        """Count cycles that belong to no instruction of the block, as those of a command issued at `site`."""
        counted = self.own.setdefault(place, Counted())
        counted.cycles += cycles
        self._cycles += cycles
        if site is not None:
            counted.engine[site] = counted.engine.get(site, 0) + cycles
            self._engine[self._site(site)] += cycles

    def _command(self, issue: Issue, place: Place) -> None:
        key = CommandKey(place, issue.operation, issue.descriptor)
        told = self.commands.setdefault(key, Commanded())
        told.count += issue.retired
        told.suspended += not issue.retired
        told.cycles += issue.cycles
        told.spikes += issue.spikes

    def _site(self, pc: int) -> int:
        number = self._sites.setdefault(pc, len(self._sites))
        if number == len(self._engine):
            self._engine.append(0)
        return number

    def _engine_up_to(self, view: View, index: int) -> None:
        while self._due and self._due[0].index < index:
            issue = self._due.popleft()
            self._engine[self._site(int(view.pc[issue.index]))] += issue.cycles

    def _count(self, view: View) -> None:
        """Count every instruction of the block for its stack and address."""
        block, costs = view.block, self._costs
        self.words.update(zip(block.site_pc.tolist(), block.site_word.tolist(), strict=True))
        lengths = np.diff(np.append(self._begins, len(view)))
        used, local = np.unique(np.array(self._runs, np.int64), return_inverse=True)
        nodes = np.repeat(local.reshape(-1), lengths)
        sites = len(block.site_pc)
        cell: Array = nodes * sites + block.site
        if len(used) * sites <= _DENSE:
            keys, size = cell, len(used) * sites
            cells = np.arange(size)
        else:
            cells, keys = np.unique(cell, return_inverse=True)
            size = len(cells)
        columns = [np.bincount(keys, weights, size) for weights in (None, costs.cycles, costs.accesses)]
        chosen = np.flatnonzero(columns[0])
        rows = zip(
            used[cells[chosen] // sites].tolist(),
            block.site_pc[cells[chosen] % sites].tolist(),
            *(column[chosen].astype(np.int64).tolist() for column in columns),
            strict=True,
        )
        for node, pc, *counts in rows:
            self._at(Place(node, pc)).add(Counted(*counts))
        for issue in costs.own:
            if issue.index < len(view):
                place = Place(int(used[nodes[issue.index]]), int(view.pc[issue.index]))
                self._command(issue, place)
                engine = self._at(place).engine
                engine[place.pc] = engine.get(place.pc, 0) + issue.cycles
        for index, cycles in costs.sleeps:
            if index >= 0:
                self.asleep[int(used[nodes[index]])] += cycles
        self._last = Place(int(used[nodes[-1]]), int(view.pc[-1]))

    def _at(self, place: Place) -> Counted:
        found = self.own.get(place)
        if found is None:
            found = self.own[place] = Counted()
        return found


def collect(trace: Trace) -> Collector:
    """Count a whole trace."""
    collector = Collector(trace)
    for view in trace.views():
        collector.take(view)
    collector.finish()
    return collector
