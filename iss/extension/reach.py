"""A case for a bin that nothing has hit yet, or the proof that there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from iss.extension.cases import Case, Runner
from iss.extension.cover import Bin, InstructionCover, Seen, Watched, classes, corner_names
from iss.extension.solver import ask
from iss.extension.symbolic import TRAPS, Execution, World
from iss.extension.trees import redefined
from iss.extension.vectors import USUAL_NUMBERS, Vectors, corners
from iss.extension.widths import Width
from iss.isa.catalogue import Architecture
from iss.isa.tracing import Block, Node

if TYPE_CHECKING:
    import z3
else:
    from iss.extension.smt import z3

_RANDOM_CASES = 1500
_AIMED_CASES = 60
_MARK = 63  # a cause that no trap has
_SECONDS = 5.0


@dataclass(frozen=True)
class Reach:
    """How to hit a bin: a case, `unreachable` (proved), or nobody knows."""

    status: Literal["case", "unreachable", "unknown"]
    case: Case | None = None


def reach_all(cover: InstructionCover, missed: list[Bin], architecture: Architecture) -> dict[str, Reach]:
    """Return for each missed bin how it can be hit."""
    search = _Search(cover, architecture)
    found: dict[str, Reach] = {}
    wanted = {one.name for one in missed}
    vectors = Vectors(cover.definition, cover.extension.states, cover.widths, seed=7)
    for _ in range(_RANDOM_CASES):
        if not wanted:
            break
        case = vectors.draw()
        for name in search.bins(case) & wanted:
            found[name] = Reach("case", _settled(case))
            wanted.discard(name)
    for one in missed:
        if one.name in wanted:
            found[one.name] = search.aimed(one, vectors) or _by_solver(cover, one, search)
    return found


def _settled(case: Case) -> Case:
    """Return the case with the memory that was read, and nothing drawn later."""
    return replace(case, memory=dict(case.memory))


class _Search:
    """Runs cases and tells the bins they hit."""

    def __init__(self, cover: InstructionCover, architecture: Architecture) -> None:
        self._cover = cover
        self._seen: list[Seen] = []
        self._runner = Runner(cover.definition, architecture, Watched(cover, self._seen.append))
        self._requires = cover.extension.details[cover.definition.mnemonic].requires

    def bins(self, case: Case) -> set[str]:
        """Return the names of the bins a case hits; none if the instruction is not for such operands."""
        self._seen.clear()
        self._runner.run(case)
        seen = self._seen[-1]
        if self._requires is not None and not self._requires(seen.view()):
            return set()
        return self._cover.names(seen)

    def aimed(self, one: Bin, vectors: Vectors) -> Reach | None:
        """Return a case made for the bin, if one hits it."""
        for attempt in range(_AIMED_CASES):
            case = self._aim(one, vectors.draw(), attempt)
            if one.name in self.bins(case):
                return Reach("case", _settled(case))
        return None

    def _aim(self, one: Bin, case: Case, attempt: int) -> Case:
        wanted: dict[str, int] = {}
        states = {name: dict(held) for name, held in case.states.items()}
        operands = {name: USUAL_NUMBERS.get(name, value) for name, value in case.operands.items()}
        widths = self._cover.widths
        if one.group == "operand":
            wanted[one.about[0]] = _chosen(
                corner_names(widths[one.about[0]])[one.about[1]], widths[one.about[0]], attempt
            )
        elif one.group == "cross":
            first, left, second, right = one.about
            wanted[first] = _chosen(classes(widths[first])[left], widths[first], attempt)
            wanted[second] = _chosen(classes(widths[second])[right], widths[second], attempt // 8)
        elif one.group == "alias":
            kind, *names = one.about
            if kind == "x0":
                operands[names[0]] = 0
            elif kind == "same":
                operands[names[1]] = operands[names[0]]
        elif one.group == "state":
            name, corner = one.about
            place = self._cover.extension.states[name]
            width = Width(place.bits, place.signed)
            value = _chosen(corner_names(width)[corner], width, attempt)
            states[name] = dict.fromkeys(range(place.count), value)
        x = {operands[name]: case.x.get(case.operands[name], 0) for name in self._cover.registers}
        for name, value in wanted.items():
            if name in self._cover.registers:
                x[operands[name]] = value & 0xFFFF_FFFF
            else:
                operands[name] = value << self._cover.fields[name].low
        x.pop(0, None)
        return replace(case, operands=operands, x=x, states=states)


def _chosen(holds: Any, width: Any, attempt: int) -> int:
    """Return a number of a width for which a condition holds."""
    fitting = [number for number in corners(width) if holds(number)]
    return fitting[attempt % len(fitting)] if fitting else 0


def _by_solver(cover: InstructionCover, one: Bin, search: _Search) -> Reach:
    """Ask z3 for a case of a condition or an end, or for the proof that there is none."""
    if z3 is None or one.group not in ("branch", "end"):
        return Reach("unknown")
    definition = cover.definition
    if one.group == "branch":
        definition = redefined(definition, _marked(cover, one), "marked")
        cause = _MARK
    elif one.about[0] is None:
        return Reach("unknown")
    else:
        cause = one.about[0]

    def build() -> tuple[Any, World, Any]:
        world = World()
        execution = Execution(definition.trace(), definition.encoding, world)
        paths = [path for path in execution.paths if path.kind == TRAPS]
        return z3.Or(*(z3.And(path.guard(), path.cause == cause) for path in paths)), world, definition.encoding

    answer = ask(build, _SECONDS)
    if answer.status == "unsat":
        return Reach("unreachable")
    if answer.case is not None and one.name in search.bins(answer.case):
        return Reach("case", answer.case)
    return Reach("unknown")


def _marked(cover: InstructionCover, one: Bin) -> Block:
    """Return the tree in which the bin's answer of its condition ends with a trap of its own."""
    name, answer = one.name.rpartition(":")[0], one.about[-1]
    names: Mapping[int, str] = cover.branch_names()

    def change(block: Block) -> Block:
        if block.then is None or block.otherwise is None:
            return block
        then, otherwise = change(block.then), change(block.otherwise)
        if names.get(getattr(block.decision, "index", -1)) == name:
            end = Block([Node(1 << 29, "trap", (_MARK, 0), 0, 0)])
            then, otherwise = (end, otherwise) if answer else (then, end)
        return Block(block.nodes, block.decision, then, otherwise, block.result)

    return change(cover.tree)
