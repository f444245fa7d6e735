"""An `InstructionSet` is a value that collects definitions; each is checked with its source line when it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from iss.isa.encoding import Encoding
from iss.isa.errors import function_location, located
from iss.isa.state import StateField
from iss.isa.syntax import Syntax, parse_syntax
from iss.isa.tracing import Block, Unit, trace_meaning

Meaning = Callable[[Any, Any], None]
MAXIMUM_CYCLES = 255  # static cost of an instruction; more can elapse()


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """One instruction: encoding, text, meaning and documentation stand together."""

    encoding: Encoding
    syntax: Syntax
    meaning: Meaning
    documentation: str
    extension: str
    cost_class: str
    unused: tuple[str, ...] = ()
    unit: Unit | None = None
    cycles: int | None = None
    states: Mapping[str, StateField] = field(default_factory=dict)

    @property
    def mnemonic(self) -> str:
        return self.syntax.mnemonic

    @property
    def location(self) -> str:
        """`file:line` of the definition."""
        return function_location(self.meaning)

    def trace(self) -> Block:
        """Return the tree of paths of the meaning."""
        return trace_meaning(self.meaning, self.encoding, self.unused, self.unit, self.states)


class InstructionSet:
    """Definitions of one extension, or of several put together with `|`; overlapping encodings are refused."""

    def __init__(
        self, name: str, title: str = "", unit: Unit | None = None, states: Mapping[str, StateField] | None = None
    ) -> None:
        """`states` may grow until the first instruction that uses them is defined."""
        self.name, self.title, self.unit = name, title, unit
        self.states: Mapping[str, StateField] = {} if states is None else states
        self.definitions: list[Definition] = []
        self.by_mnemonic: dict[str, Definition] = {}

    def __iter__(self) -> Iterator[Definition]:
        return iter(self.definitions)

    def __len__(self) -> int:
        return len(self.definitions)

    def instruction(
        self,
        pattern: str,
        text: str,
        *,
        cost_class: str = "alu",
        cycles: int | None = None,
        unused: Iterable[str] = (),
    ) -> Callable[[Meaning], Meaning]:
        """Define an instruction; the decorated function is its meaning on `(hart, insn)`.

        `cost_class` is looked up in the timing model unless `cycles` fixes the cost; operands that have no effect by
        the manual are named in `unused`. Raises DefinitionError with the source line.
        """

        def define(meaning: Meaning) -> Meaning:
            where = function_location(meaning)
            try:
                encoding, syntax = Encoding(pattern), parse_syntax(text)
            except ValueError as error:
                raise located(str(error), where) from None
            if cycles is not None and not 0 <= cycles <= MAXIMUM_CYCLES:
                raise located(f"{syntax.mnemonic} costs {cycles} cycles, expected 0..{MAXIMUM_CYCLES}", where)
            unknown = syntax.fields - set(encoding.fields)
            if unknown:
                raise located(f"syntax {text!r} names {', '.join(sorted(unknown))}, not in {pattern!r}", where)
            definition = Definition(
                encoding,
                syntax,
                meaning,
                " ".join((meaning.__doc__ or "").split()),
                self.name,
                cost_class,
                tuple(unused),
                self.unit,
                cycles,
                self.states,
            )
            if not definition.documentation:
                raise located(f"{syntax.mnemonic} has no docstring; say in one sentence what it does", where)
            definition.trace()
            self._add(definition)
            return meaning

        return define

    def __or__(self, other: InstructionSet) -> InstructionSet:
        """Return both sets as one; DefinitionError if an encoding or a mnemonic is there twice."""
        union = InstructionSet("_".join(part.name for part in (self, other) if part.name), unit=self.unit or other.unit)
        for definition in (*self, *other):
            union._add(definition)
        return union

    def _add(self, definition: Definition) -> None:
        twin = self.by_mnemonic.get(definition.mnemonic)
        if twin is not None:
            raise located(f"{definition.mnemonic} is already defined at {twin.location}", definition.location)
        for other in self.definitions:
            if definition.encoding.overlaps(other.encoding):
                witness = definition.encoding.match | other.encoding.match
                raise located(
                    f"the encoding of {definition.mnemonic} overlaps {other.mnemonic} ({other.location}): "
                    f"{witness:#010x} is both",
                    definition.location,
                )
        self.definitions.append(definition)
        self.by_mnemonic[definition.mnemonic] = definition

    def decode(self, word: int) -> Definition | None:
        """Return the definition a word belongs to, or None for an illegal instruction."""
        for definition in self.definitions:
            encoding = definition.encoding
            if word & encoding.mask == encoding.match:
                return definition
        return None
