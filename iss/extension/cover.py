"""Coverage of an extension: bins of every instruction, and a recorder that fills them while meanings run.

Bins are corners of operands and their crosses, aliases of registers, corners of the state that is read, both answers
of every condition, the ways an instruction ends, and the user's own points.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from iss.errors import MissingFile, NeuroHartError
from iss.extension.extension import Extension
from iss.extension.mutation import source_lines
from iss.extension.python_source import Notes, Reader, noting_function
from iss.extension.trees import blocks, sources
from iss.extension.widths import Width
from iss.hart.hart import TrapRaised
from iss.isa.causes import Cause, describe_cause
from iss.isa.definitions import Definition
from iss.isa.tracing import AbstractHart, Node
from iss.isa.values import Value

_REGISTERS = ("rs1", "rs2", "rd")
_ACCESS_CAUSES = {
    "load": (Cause.LOAD_ADDRESS_MISALIGNED, Cause.LOAD_ACCESS_FAULT),
    "store": (Cause.STORE_ADDRESS_MISALIGNED, Cause.STORE_ACCESS_FAULT),
}


@dataclass(frozen=True)
class Bin:
    """Something that should have happened at least once; `about` is what `iss.extension.reach` needs to make it."""

    name: str
    group: str  # executed, operand, cross, alias, state, branch, end, user
    about: tuple[Any, ...] = ()


def corner_names(width: Width) -> dict[str, Callable[[int], bool]]:
    """Return the corners of a width's numbers by name."""
    low, high = width.minimum, width.maximum
    names: dict[str, Callable[[int], bool]] = {
        "0": lambda value: value == 0,
        "1": lambda value: value == 1,
        f"maximum {high}": lambda value: value == high,
    }
    if width.is_signed:
        names |= {
            "-1": lambda value: value == -1,
            f"minimum {low}": lambda value: value == low,
            "positive": lambda value: value > 0,
            "negative": lambda value: value < 0,
        }
    else:
        names |= {
            "lower half": lambda value: 0 < value <= high >> 1,
            "upper half": lambda value: value > high >> 1,
        }
    return names


def classes(width: Width) -> dict[str, Callable[[int], bool]]:
    """Return the coarse classes that crosses are made of."""
    if width.is_signed:
        return {"0": lambda v: v == 0, "positive": lambda v: v > 0, "negative": lambda v: v < 0}
    half = width.maximum >> 1
    return {"0": lambda v: v == 0, "lower half": lambda v: 0 < v <= half, "upper half": lambda v: v > half}


class InstructionCover:
    """The bins of one instruction and how often each was hit."""

    def __init__(self, definition: Definition, extension: Extension) -> None:
        self.definition, self.extension = definition, extension
        self.hits: Counter[str] = Counter()
        tree = definition.trace()
        self.tree = tree
        self.sources = sources(tree)
        self.fields = definition.encoding.fields
        self.registers = [name for name in _REGISTERS if name in self.fields]
        self.numbers = [name for name in self.fields if name not in _REGISTERS and name not in definition.unused]
        self.points = [point for point in extension.covers if point.mnemonic == definition.mnemonic]
        self.widths = {name: extension.width_of(definition.mnemonic, name) for name in self.sources}
        self.widths |= {
            name: Width(place.width - place.low, place.signed)
            for name, place in self.fields.items()
            if name in self.numbers
        }
        self.bins = {one.name: one for one in self._bins()}

    @property
    def executed(self) -> int:
        """How often the instruction was executed."""
        return self.hits["executed"]

    def _bins(self) -> Iterable[Bin]:
        yield Bin("executed", "executed")
        for name, width in self.widths.items():
            for corner in corner_names(width):
                yield Bin(f"{name} = {corner}", "operand", (name, corner))
        names = list(self.widths)
        for position, one in enumerate(names):
            for other in names[position + 1 :]:
                for left in classes(self.widths[one]):
                    for right in classes(self.widths[other]):
                        yield Bin(f"{one} {left}, {other} {right}", "cross", (one, left, other, right))
        for name, fields in self._aliases().items():
            yield Bin(name, "alias", fields)
        for node in self.tree.walk():
            if node.operation == "read_state":
                width = Width(node.static.bits, node.static.signed)
                for corner in corner_names(width):
                    yield Bin(f"{node.static.name} = {corner}", "state", (node.static.name, corner))
        for name, about in self.branches().items():
            for answer in (True, False):
                yield Bin(f"{name}: {'yes' if answer else 'no'}", "branch", (*about, answer))
        yield from self._ends()
        for point in self.points:
            yield Bin(f"cover {point.name}", "user", (point,))

    def _aliases(self) -> dict[str, tuple[Any, ...]]:
        found: dict[str, tuple[Any, ...]] = {}
        for position, one in enumerate(self.registers):
            found[f"{one} is x0"] = ("x0", one)
            for other in self.registers[position + 1 :]:
                found[f"{one} is {other}"] = ("same", one, other)
        if len(self.registers) > 1:
            found["all registers differ"] = ("differ",)
        return found

    def branches(self) -> dict[str, tuple[int | None, str]]:
        """Return every condition by what it is called: its line and text; equal ones on several paths are one."""
        reader, lines = Reader(self.tree, 3), source_lines(self.definition)
        found: dict[str, tuple[int | None, str]] = {}
        for block in blocks(self.tree):
            if isinstance(block.decision, Value):
                line, text = lines.get(block.decision.index), reader.operand(block.decision)
                found[f"line {line}: {text}"] = (line, text)
        return found

    def branch_names(self) -> dict[int, str]:
        """Return what the condition of each deciding node is called."""
        reader, lines = Reader(self.tree, 3), source_lines(self.definition)
        return {
            block.decision.index: f"line {lines.get(block.decision.index)}: {reader.operand(block.decision)}"
            for block in blocks(self.tree)
            if isinstance(block.decision, Value)
        }

    def _ends(self) -> Iterable[Bin]:
        causes: set[int] = set()
        retires = False
        for block in blocks(self.tree):
            ended = False
            for node in block.nodes:
                if node.operation == "trap":
                    ended = True
                    if not isinstance(node.operands[0], Value):
                        causes.add(int(node.operands[0]))
                elif node.operation in _ACCESS_CAUSES:
                    misaligned, fault = _ACCESS_CAUSES[node.operation]
                    causes |= {fault} if node.static == 1 else {misaligned, fault}
                elif node.operation == "jump":
                    causes.add(Cause.INSTRUCTION_ADDRESS_MISALIGNED)
            retires = retires or (block.then is None and not ended)
        if causes and retires:
            yield Bin("retires", "end", (None,))
        for cause in sorted(causes):
            yield Bin(f"traps: {describe_cause(cause)}", "end", (int(cause),))

    # Sampling -------------------------------------------------------------------------------------------------------
    def sample(self, seen: Seen) -> None:
        """Count the bins that an executed case hits."""
        self.hits.update(self.names(seen))

    def names(self, seen: Seen) -> set[str]:
        """Return the names of the bins that a case hits."""
        found = {"executed"}
        for name, width in self.widths.items():
            value = seen.values[name]
            found |= {f"{name} = {corner}" for corner, holds in corner_names(width).items() if holds(value)}
        names = list(self.widths)
        for position, one in enumerate(names):
            left = next(c for c, holds in classes(self.widths[one]).items() if holds(seen.values[one]))
            for other in names[position + 1 :]:
                right = next(c for c, holds in classes(self.widths[other]).items() if holds(seen.values[other]))
                found.add(f"{one} {left}, {other} {right}")
        numbers = seen.numbers
        for position, one in enumerate(self.registers):
            if numbers[one] == 0:
                found.add(f"{one} is x0")
            found |= {f"{one} is {other}" for other in self.registers[position + 1 :] if numbers[one] == numbers[other]}
        if len(self.registers) > 1 and len({numbers[name] for name in self.registers}) == len(self.registers):
            found.add("all registers differ")
        for place, value in seen.state:
            width = Width(place.bits, place.signed)
            found |= {f"{place.name} = {corner}" for corner, holds in corner_names(width).items() if holds(value)}
        found |= {f"{name}: {'yes' if answer else 'no'}" for name, answer in seen.answers}
        found.add("retires" if seen.trap is None else f"traps: {describe_cause(seen.trap[0])}")
        view = seen.view()
        for point in self.points:
            if _holds(point, view):
                found.add(f"cover {point.name}")
        return found & self.bins.keys()


def _holds(point: Any, view: Any) -> bool:
    try:
        return bool(point.condition(view))
    except AttributeError as error:
        raise NeuroHartError(f"{point.location}: cover point {point.name!r}: {error}") from None


@dataclass
class Seen:
    """One executed instruction: register numbers, operand values in their widths, state read, conditions, end."""

    numbers: Mapping[str, int]
    values: Mapping[str, int]
    pc: int
    state: list[tuple[Any, int]] = field(default_factory=list)
    answers: list[tuple[str, bool]] = field(default_factory=list)
    trap: tuple[int, int] | None = None
    result: int | None = None
    before: Any = None
    after: Any = None

    def view(self) -> SimpleNamespace:
        """Return it as conditions of users see it: `case.rs1`, `case.imm`, `case.result`, `case.before.v[3]`, ..."""
        return SimpleNamespace(
            **{
                name: value
                for name, value in self.numbers.items()
                if name not in self.values and name not in _REGISTERS
            },
            **self.values,
            result=self.result,
            trap=self.trap,
            pc=self.pc,
            before=self.before,
            after=self.after,
            state=self.after,
            **{f"{name}_number": number for name, number in self.numbers.items() if name in _REGISTERS},
        )


class Watched:
    """A definition's meaning that samples every execution on a hart of ints."""

    def __init__(self, cover: InstructionCover, consume: Callable[[Seen], None]) -> None:
        self._cover, self._consume = cover, consume
        self._original = cover.definition.meaning
        names = cover.branch_names()
        notes = _Seeing(names)
        self._run = noting_function(cover.tree, notes, "watched", places=notes.places)
        self._snapshots = bool(cover.points)

    def __call__(self, hart: Any, insn: Any) -> None:
        """Execute the instruction."""
        if isinstance(hart, AbstractHart):
            self._original(hart, insn)
            return
        cover = self._cover
        numbers = {name: getattr(insn, name) for name in cover.fields}
        values = {
            name: int(width(hart.x[numbers[name]])) if name in _REGISTERS else numbers[name] >> cover.fields[name].low
            for name, width in cover.widths.items()
        }
        seen = Seen(numbers, values, hart.pc)
        if self._snapshots:
            seen.before = hart.state.copy()
        try:
            self._run(hart, insn, seen)
        except TrapRaised as raised:
            seen.trap = raised.cause, raised.value
            raise
        finally:
            if "rd" in numbers:
                seen.result = hart.x[numbers["rd"]]
            if self._snapshots:
                seen.after = hart.state.copy()
            self._consume(seen)


class _Seeing(Notes):
    """Notes the state that is read and how named conditions are answered; `places` are the fields read."""

    def __init__(self, names: Mapping[int, str]) -> None:
        self._names = names
        self.places: list[Any] = []

    def after(self, node: Node) -> Iterable[str]:
        if node.operation != "read_state":
            return ()
        self.places.append(node.static)
        return (f"seen.state.append((places[{len(self.places) - 1}], v{node.index}))",)

    def answered(self, decision: Any, answer: bool) -> Iterable[str]:
        name = self._names.get(decision.index, "") if isinstance(decision, Value) else ""
        return (f"seen.answers.append(({name!r}, {answer}))",)


# An extension's coverage ---------------------------------------------------------------------------------------------
class Cover:
    """The coverage of an extension; `watch` makes its instructions count what they execute."""

    def __init__(self, extension: Extension) -> None:
        self.extension = extension
        self.instructions = {
            definition.mnemonic: InstructionCover(definition, extension) for definition in extension.instructions
        }

    def watch(self) -> None:
        """Let the extension's instructions, on the reference engine, be counted from now on."""
        from dataclasses import replace

        watched = self.extension.instructions
        for position, definition in enumerate(watched.definitions):
            cover = self.instructions[definition.mnemonic]
            changed = replace(definition, meaning=Watched(cover, cover.sample))
            watched.definitions[position] = watched.by_mnemonic[definition.mnemonic] = changed

    def plain(self) -> dict[str, Any]:
        """Return the counts for a file."""
        return {
            "extension": self.extension.name,
            "instructions": {mnemonic: dict(cover.hits) for mnemonic, cover in self.instructions.items()},
        }

    def add(self, counts: Mapping[str, Any], where: str) -> None:
        """Add the counts of a file; NeuroHartError if they are of something else."""
        try:
            if counts["extension"] != self.extension.name:
                raise NeuroHartError(
                    f"{where}: is the coverage of {counts['extension']}, expected that of {self.extension.name}"
                )
            for mnemonic, hits in counts["instructions"].items():
                cover = self.instructions.get(mnemonic)
                if cover is None:
                    raise NeuroHartError(f"{where}: {self.extension.name} has no instruction {mnemonic} (any more)")
                cover.hits.update({name: int(count) for name, count in hits.items() if name in cover.bins})
        except (KeyError, TypeError, ValueError, AttributeError):
            raise NeuroHartError(f"{where}: is no coverage of `neurohart ext cover -o`") from None


def read_counts(path: Path) -> list[dict[str, Any]]:
    """Return the coverages in a file; NeuroHartError if it is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MissingFile(f"{path}: cannot be read ({error.strerror}); expected coverage") from None
    except ValueError:
        raise NeuroHartError(f"{path}: is no coverage of `neurohart ext cover -o`") from None
    counts = content if isinstance(content, list) else [content]
    if not all(isinstance(each, dict) for each in counts):
        raise NeuroHartError(f"{path}: is no coverage of `neurohart ext cover -o`")
    return counts


def record_in(folder: str, extensions: Iterable[Extension]) -> None:
    """Watch extensions that were just loaded, and write their counts to the folder when the process ends."""
    import atexit

    covers = [Cover(extension) for extension in extensions]
    for cover in covers:
        cover.watch()
    process = os.getpid()

    def write() -> None:
        if os.getpid() == process and any(one.executed for cover in covers for one in cover.instructions.values()):
            name = f"{process}-{id(covers)}.json"
            Path(folder, name).write_text(json.dumps([cover.plain() for cover in covers]), encoding="utf-8")

    atexit.register(write)
