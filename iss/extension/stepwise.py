"""Two definitions that are alike, proved equal step by step: z3 is asked about single values instead of all effects.

The effects of both trees are taken in order. If each has the same operands in both, then, by induction, both machines
are the same before the next one, which therefore reads the same; so values that are read count as the same unknown
in both trees. A value that is not computed in the same way is compared with its counterpart: what lies further below
is first taken for unknown, then less and less of it. Where one is proved equal, all above it is the same again. An
answer "no" means only that no proof was found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from iss.extension.smt import Reading, is_hard, natural_width, require_z3, resized
from iss.extension.solver import GRACE, within
from iss.extension.trees import reference
from iss.isa.tracing import EFFECTS, Block, Node
from iss.isa.values import Value

if TYPE_CHECKING:
    import z3
else:
    from iss.extension.smt import z3

_DEPTHS = (1, 2, 4, 8, None)  # levels of what both have in common; None: everything but products
_STEP_SECONDS = 0.5  # for one question
_READS = frozenset({"read_pc", "read_x", "read_field", "read_state"})  # they change nothing

Key = Any  # a number or a class


@dataclass
class _Side:
    """One tree; nodes of a class have the same value on every machine, in both trees."""

    nodes: dict[int, Node]
    classes: dict[int, int]

    def key(self, operand: Any) -> Key:
        return ("class", self.classes[operand.index]) if isinstance(operand, Value) else int(operand)


class Stepwise:
    """The comparison of two trees; `equal` finds a proof or none within so many seconds."""

    def __init__(self, first: Block, second: Block, seconds: float) -> None:
        require_z3()
        self.trees = first, second
        self.ours, self.theirs = (_Side({node.index: node for node in tree.walk()}, {}) for tree in self.trees)
        self.known: dict[Any, int] = {}  # classes by what they compute
        self.members: dict[int, Node] = {}  # a node of the first tree for each class it has
        self.shared: set[int] = set()  # classes of both trees
        self.numbers = iter(range(1 << 30))
        self.conditions: list[tuple[Any, bool]] = []  # decisions of the first tree on the way to here
        self.deadline = monotonic() + seconds

    def equal(self) -> bool:
        """Tell whether both trees are proved to do the same."""
        return self._blocks(*self.trees, {})

    # Both trees in order --------------------------------------------------------------------------------------------
    def _blocks(self, first: Block, second: Block, changed: dict[str, int]) -> bool:
        if (first.then is None) != (second.then is None):
            return False
        for node in first.nodes:
            changed = self._classify(self.ours, node, changed)
            self.members.setdefault(self.ours.classes[node.index], node)
        pairs = dict(_counterparts(first.nodes, second.nodes))
        effects = iter([node for node in first.nodes if node.operation in EFFECTS])
        for node in second.nodes:
            if monotonic() > self.deadline:
                return False
            if node.operation not in EFFECTS:
                self._value(node, pairs.get(node.index))
                continue
            ours = next(effects, None)
            if ours is None or not self._same_effect(ours, node):
                return False
            self.theirs.classes[node.index] = self.ours.classes[ours.index]
            self.shared.add(self.ours.classes[ours.index])
        if next(effects, None) is not None:
            return False
        if first.then is None or first.otherwise is None or second.then is None or second.otherwise is None:
            return True
        if self.ours.key(first.decision) != self.theirs.key(second.decision):
            return False
        for one, other, answer in ((first.then, second.then, True), (first.otherwise, second.otherwise, False)):
            self.conditions.append((first.decision, answer))
            if not self._blocks(one, other, changed):
                return False
            self.conditions.pop()
        return True

    def _classify(self, side: _Side, node: Node, changed: dict[str, int]) -> dict[str, int]:
        """Put a node into the class of what it computes; what is read belongs to the effect that last changed it.

        `changed` has that effect by the name of a state, under "" the last one that may have changed anything.
        """
        what: Any = (node.operation, str(node.static), *(side.key(operand) for operand in node.operands))
        if node.operation in EFFECTS and node.operation != "operand":
            name = node.static.name if node.operation in ("read_state", "write_state") else ""
            if node.operation in _READS:
                what = (*what, "after", max(changed.get(name, 0), changed.get("", 0)))
            else:
                what = (*what, "effect", node.index)
                changed = changed | {name: node.index + 1}
        side.classes[node.index] = self.known.setdefault(what, -1)
        if side.classes[node.index] < 0:
            side.classes[node.index] = self.known[what] = next(self.numbers)
        return changed

    def _same_effect(self, ours: Node, theirs: Node) -> bool:
        if (ours.operation, str(ours.static)) != (theirs.operation, str(theirs.static)):
            return False
        pairs = zip(ours.operands, theirs.operands, strict=True)
        return all(self.ours.key(one) == self.theirs.key(other) for one, other in pairs)

    def _value(self, node: Node, counterpart: Node | None) -> None:
        self._classify(self.theirs, node, {})
        number = self.theirs.classes[node.index]
        if number in self.members:
            self.shared.add(number)
        elif counterpart is not None and self._proved(counterpart, node):
            self.theirs.classes[node.index] = self.ours.classes[counterpart.index]
            self.shared.add(self.ours.classes[counterpart.index])

    # One value ------------------------------------------------------------------------------------------------------
    def _proved(self, ours: Node, theirs: Node) -> bool:
        for depth in _DEPTHS:
            left = self.deadline - monotonic()
            if left <= 0:
                return False
            solver = z3.SolverFor("QF_UFBV")
            solver.set("timeout", int(1000 * min(left, _STEP_SECONDS if depth is not None else 4 * _STEP_SECONDS)))
            question = _Question(self, depth)
            solver.add(question.different(ours, theirs))
            solver.add(*question.facts)
            if solver.check() == z3.unsat:
                return True
        return False


class _Question:
    """Terms of two nodes over unknowns; `facts` are what is known of these."""

    def __init__(self, stepwise: Stepwise, depth: int | None) -> None:
        self.stepwise, self.depth = stepwise, depth
        self.facts: list[Any] = []
        self.unknowns: dict[int, Any] = {}
        self.first, self.second = (Reading(tree, True) for tree in stepwise.trees)
        self.levels: dict[int, int] = {}
        self.seen: set[int] = set()

    def different(self, ours: Node, theirs: Node) -> Any:
        """Return the condition that two values differ."""
        self._prepare(ours, 0)
        self._prepare_theirs(theirs)
        if self.depth is None:
            for decision, answer in self.stepwise.conditions:
                if isinstance(decision, Value):
                    self._prepare(self.stepwise.ours.nodes[decision.index], 0)
                    self.facts.append(self.first.truth(decision) == answer)
        values = [reference(node.index, node.low, node.high) for node in (ours, theirs)]
        width = max(natural_width(value)[0] + 1 for value in values)
        return self.first.low(values[0], width) != self.second.low(values[1], width)

    def _prepare(self, node: Node, level: int) -> None:
        """Take nodes of the first tree, from so many levels on, for unknown."""
        if self.levels.get(node.index, 1 << 30) <= level:
            return
        self.levels[node.index] = level
        number = self.stepwise.ours.classes[node.index]
        is_shared = number in self.stepwise.shared
        far = level > self.depth if self.depth is not None else is_hard(node)
        if node.operation in EFFECTS or (is_shared and far):
            if node.index not in self.seen:
                self.seen.add(node.index)
                self.first.define(node, self._unknown(number, node))
                if self.depth is None and node.operation == "mul":
                    for operand in node.operands:
                        self._prepare(self.stepwise.ours.nodes[operand.index], level)
                    self._product(node)
            return
        for operand in node.operands:
            if isinstance(operand, Value):
                self._prepare(self.stepwise.ours.nodes[operand.index], level + 1 if is_shared else level)

    def _prepare_theirs(self, node: Node) -> None:
        """Let nodes of the second tree that are shared have the terms of the first one."""
        if node.index in self.second.given:
            return
        number = self.stepwise.theirs.classes[node.index]
        if number in self.stepwise.shared:
            member = self.stepwise.members[number]
            self._prepare(member, 1)
            value = reference(member.index, member.low, member.high)
            width, is_signed = natural_width(value)
            term = self.first.low(value, width)
            self.second.define(node, resized(term, natural_width(reference(0, node.low, node.high))[0], is_signed))
            return
        for operand in node.operands:
            if isinstance(operand, Value):
                self._prepare_theirs(self.stepwise.theirs.nodes[operand.index])

    def _unknown(self, number: int, node: Node) -> Any:
        """Return the unknown of a class: one for all its nodes."""
        width, is_signed = natural_width(reference(node.index, node.low, node.high))
        if number not in self.unknowns:
            term = self.unknowns[number] = z3.BitVec(f"class_{number}", width)
            low, high = z3.BitVecVal(node.low, width), z3.BitVecVal(node.high, width)
            self.facts += [low <= term, term <= high] if is_signed else [z3.ULE(low, term), z3.ULE(term, high)]
        return resized(self.unknowns[number], width, is_signed)

    def _product(self, node: Node) -> None:
        """A product is 0 if one factor is, and its sign is that of the factors."""
        signs = []
        for value in (reference(node.index, node.low, node.high), *node.operands):
            width = natural_width(value)[0] + 1
            term = self.first.low(value, width)
            signs.append((term == 0, term < 0))
        (zero, negative), *factors = signs
        self.facts.append(zero == z3.Or(*(is_zero for is_zero, _ in factors)))
        self.facts.append(z3.Implies(z3.Not(zero), negative == z3.Xor(factors[0][1], factors[1][1])))


def _counterparts(first: list[Node], second: list[Node]) -> Iterator[tuple[int, Node]]:
    """Yield nodes of two blocks that stand in the same place, counted from the beginning or from the end."""
    length = min(len(first), len(second))
    start = 0
    while start < length and first[start].operation == second[start].operation:
        start += 1
    if len(first) == len(second):
        start = length
    end = 0
    while end < length - start and first[-1 - end].operation == second[-1 - end].operation:
        end += 1
    pairs = [*zip(first[:start], second[:start], strict=True)]
    pairs += zip(first[len(first) - end :], second[len(second) - end :], strict=True)
    for ours, theirs in pairs:
        if ours.operation not in EFFECTS and theirs.operation not in EFFECTS:
            yield theirs.index, ours


def equal_stepwise(first: Block, second: Block, seconds: float) -> bool:
    """Tell whether two trees are proved equal within so many seconds, in a process of its own."""
    return within(seconds + GRACE, lambda: Stepwise(first, second, seconds).equal()) is True
