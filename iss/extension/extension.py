"""An `Extension`: everything a user says of a custom extension, in one object made by one Python file.

Each part is checked when it is declared; an error names the line of the user's file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from iss.extension.widths import Width
from iss.hart.extension_state import ExtensionState
from iss.isa.catalogue import Extension as CatalogueEntry
from iss.isa.csrs import CsrTable
from iss.isa.definitions import InstructionSet, Meaning
from iss.isa.errors import DefinitionError, caller_location, located
from iss.isa.state import HART_FIELDS, StateField
from iss.isa.tracing import Block, Unit
from iss.isa.values import signed as two_complement

MAXIMUM_ACCESSES = 8  # loads and stores of one instruction: what the trace ring has room for
MAXIMUM_STATE = 1 << 20  # bytes
_OWN_MODULES = ("iss.extension.extension", "iss.isa.values", "iss.isa.tracing", "iss.isa.definitions", "iss.isa.csrs")
EXTENSION_NAME = re.compile(r"x[a-z][a-z0-9]*\Z")
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*\Z")
_C_WORDS = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if inline int long register "
    "restrict return short signed sizeof static struct switch typedef union unsigned void volatile while".split()
)
REGISTER = Width(32, False)


@dataclass(frozen=True, slots=True)
class Details:
    """What an extension says of an instruction beside its definition."""

    operands: Mapping[str, Width] = field(default_factory=dict)  # of register operands and rd's old value
    energy_pj: float | None = None
    requires: Callable[[Any], Any] | None = None  # on a case: whether its operands are ones the instruction is for
    implementations: Mapping[str, str] = field(default_factory=dict)  # kind: target, such as c: "file.c:function"


@dataclass(frozen=True, slots=True)
class ImplementationSpec:
    """A second implementation of an extension: its name, its kind, where it is and options of the kind."""

    name: str
    kind: str
    target: Any
    options: Mapping[str, Any]
    location: str


@dataclass(frozen=True, slots=True)
class CoverPoint:
    """A bin of the user: hit by every case of the instruction for which `condition(case)` is true."""

    name: str
    mnemonic: str
    condition: Callable[[Any], Any]
    location: str


@dataclass(frozen=True, slots=True)
class Property:
    """What shall hold of every case of an instruction that retires; without a condition: that it never traps."""

    name: str
    mnemonic: str
    condition: Callable[[Any], Any] | None
    location: str


IMPLEMENTATION_KINDS = ("c", "python", "library", "extension", "verilog", "command", "isa", "spike")


class Extension:
    """A custom extension: state, CSRs, instructions, cover points and second implementations.

    `name` follows the rule for custom extensions of the ISA string (unprivileged manual, "ISA Extension Naming
    Conventions"): x, then lower-case letters and digits.
    """

    def __init__(self, name: str, *, title: str = "", version: str = "0.1", unit: Unit | None = None) -> None:
        self.location = caller_location(_OWN_MODULES)
        if not isinstance(name, str) or not EXTENSION_NAME.match(name):
            raise located(
                f"extension {name!r}: a custom extension is named x, then lower-case letters and digits, as in xspk",
                self.location,
            )
        self.name, self.title, self.version = name, title or name.capitalize(), version
        self.states: dict[str, StateField] = {}
        self.instructions = InstructionSet(name, self.title, unit, self.states)
        self.csrs = CsrTable(name, unit, self.states)
        self.details: dict[str, Details] = {}
        self.covers: list[CoverPoint] = []
        self.properties: list[Property] = []
        self.implementations: dict[str, ImplementationSpec] = {}
        self.set_up: dict[int, int] = {}

    def __repr__(self) -> str:
        return f"<Extension {self.name} {self.version}: {len(self.instructions)} instructions>"

    @property
    def path(self) -> Path:
        """The file it is written in."""
        return Path(self.location.rpartition(":")[0])

    # Declarations -------------------------------------------------------------------------------------------------
    def state(self, name: str, width: Width, *, count: int = 1, reset: int = 0, documentation: str = "") -> None:
        """Keep `count` numbers, read and written in meanings as `hart.state.NAME` or `hart.state.NAME[index]`."""
        where = caller_location(_OWN_MODULES)
        if not _IDENTIFIER.match(name) or name in _C_WORDS:
            raise located(f"state {name!r}: expected a C name of lower-case letters, digits and _", where)
        if name in self.states or name in HART_FIELDS:
            raise located(f"state {name!r} is already there; choose another name", where)
        if hasattr(ExtensionState, name):
            raise located(f"state {name!r}: hart.state.{name} is something else; choose another name", where)
        if not isinstance(width, Width):
            raise located(f"state {name!r}: {width!r} is no width, expected signed(bits) or unsigned(bits)", where)
        if not isinstance(count, int) or count < 1:
            raise located(f"state {name!r}: count {count!r}, expected 1 or more", where)
        if not width.minimum <= reset <= width.maximum:
            raise located(f"state {name!r}: reset value {reset} does not fit {width}", where)
        self.states[name] = StateField(name, width.bits, width.is_signed, count, reset, documentation)
        if sum(state.count * state.storage_bits // 8 for state in self.states.values()) > MAXIMUM_STATE:
            raise located(f"state {name!r}: an extension has at most {MAXIMUM_STATE} bytes of state", where)

    def csr(
        self,
        number: int,
        name: str,
        documentation: str,
        *,
        state: str | None = None,
        read: Callable[[Any], Any] | None = None,
        write: Callable[[Any, Any], None] | None = None,
        read_only: bool = False,
    ) -> None:
        """Give a CSR: a view of a state's number, or rules of its own on the hart (WARL)."""
        where = caller_location(_OWN_MODULES)
        if not isinstance(number, int) or not 0 <= number < 4096:
            raise located(f"CSR {name}: number {number!r}, expected 0..0xfff", where)
        if not _IDENTIFIER.match(name):
            raise located(f"CSR {name!r}: expected lower-case letters, digits and _", where)
        if state is not None:
            held = self.states.get(state)
            if held is None or held.count != 1 or held.bits > 32:
                raise located(f"CSR {name}: {state!r} is no state of one number of at most 32 bits", where)

            def read_state(hart: Any) -> Any:
                return getattr(hart.state, state) & 0xFFFF_FFFF

            def write_state(hart: Any, value: Any) -> None:
                setattr(hart.state, state, two_complement(value, held.bits) if held.signed else value)

            read = read or read_state
            write = write or (None if read_only or number >> 10 == 3 else write_state)
        if read is None:
            raise located(f"CSR {name}: say what it reads: state= or read=", where)
        try:
            self.csrs.define(number, name, documentation, read, write)
        except DefinitionError as error:
            raise located(str(error), where) from None

    def instruction(
        self,
        pattern: str,
        text: str,
        *,
        cycles: int = 1,
        energy_pj: float | None = None,
        operands: Mapping[str, Width] | None = None,
        requires: Callable[[Any], Any] | None = None,
        unused: tuple[str, ...] = (),
        cost_class: str = "custom",
        **implementations: str,
    ) -> Callable[[Meaning], Meaning]:
        """Define an instruction (see docs/add-an-instruction.md for the pattern, the text and the vocabulary).

        `cycles` is its static cost (0 to 255), `energy_pj` its energy, `operands` the widths of the registers it
        reads, where they are less than 32 bits; `c="file.c:function"` and the like name second implementations.
        """
        where = caller_location(_OWN_MODULES)
        widths = dict(operands or {})
        unknown = set(implementations) - set(IMPLEMENTATION_KINDS)
        if unknown:
            raise located(
                f"{text!r}: {sorted(unknown)[0]}= is not understood; kinds of implementations are "
                f"{', '.join(IMPLEMENTATION_KINDS)}",
                where,
            )
        if energy_pj is not None and not (isinstance(energy_pj, (int, float)) and 0 <= energy_pj < math.inf):
            raise located(f"{text!r}: energy_pj={energy_pj!r}, expected a number of picojoules", where)
        define = self.instructions.instruction(pattern, text, cost_class=cost_class, cycles=cycles, unused=unused)

        def declare(meaning: Meaning) -> Meaning:
            define(meaning)
            definition = self.instructions.definitions[-1]
            for name, width in widths.items():
                if name not in definition.encoding.fields or not isinstance(width, Width) or width.bits > 32:
                    raise located(f"{definition.mnemonic}: operands[{name!r}] = {width!r} is no operand's width", where)
            count = most_accesses(definition.trace())
            if count > MAXIMUM_ACCESSES:
                raise located(
                    f"{definition.mnemonic} makes {count} memory accesses, at most {MAXIMUM_ACCESSES} are possible; "
                    "split it into steps",
                    where,
                )
            self.details[definition.mnemonic] = Details(widths, energy_pj, requires, implementations)
            return meaning

        return declare

    def cover(self, name: str, mnemonic: str, condition: Callable[[Any], Any]) -> None:
        """Add a cover point: tests should hit a case of the instruction for which the condition holds."""
        where = caller_location(_OWN_MODULES)
        self._known(mnemonic, where)
        if any(point.name == name and point.mnemonic == mnemonic for point in self.covers):
            raise located(f"cover point {name!r} of {mnemonic} is already there", where)
        self.covers.append(CoverPoint(name, mnemonic, condition, where))

    def setup(self, **values: int) -> None:
        """Let test programs begin with writes to CSRs of the extension, by name: what switches a unit on, say."""
        where = caller_location(_OWN_MODULES)
        numbers = {csr.name: csr.number for csr in self.csrs}
        for name, value in values.items():
            if name not in numbers:
                raise located(f"setup: {self.name} has no CSR {name!r}; define it above", where)
            if not isinstance(value, int) or not 0 <= value < 1 << 32:
                raise located(f"setup: {name} = {value!r}, expected 0..0xffffffff", where)
            self.set_up[numbers[name]] = value

    def property(self, name: str, mnemonic: str, condition: Callable[[Any], Any] | None = None) -> None:
        """State what holds of every case of an instruction that retires, to be proved; alone: that it never traps.

        The condition sees operands (`case.rs1`), `case.result` and the state `case.before` and `case.after`.
        """
        where = caller_location(_OWN_MODULES)
        self._known(mnemonic, where)
        if any(known.name == name and known.mnemonic == mnemonic for known in self.properties):
            raise located(f"property {name!r} of {mnemonic} is already there", where)
        self.properties.append(Property(name, mnemonic, condition, where))

    def implementation(self, name: str, **given: Any) -> None:
        """Name a second implementation of the whole extension: one of c=, python=, library=, extension=, verilog=,
        command= or isa=, and the options of that kind."""
        where = caller_location(_OWN_MODULES)
        kinds = [kind for kind in IMPLEMENTATION_KINDS if kind in given]
        if len(kinds) != 1:
            raise located(f"implementation {name!r}: give one of {', '.join(IMPLEMENTATION_KINDS)}", where)
        if name in self.implementations:
            raise located(f"implementation {name!r} is already there", where)
        options = {key: value for key, value in given.items() if key != kinds[0]}
        self.implementations[name] = ImplementationSpec(name, kinds[0], given[kinds[0]], options, where)

    def _known(self, mnemonic: str, where: str) -> None:
        if mnemonic not in self.instructions.by_mnemonic:
            raise located(f"{self.name} has no instruction {mnemonic!r}; define it above", where)

    # Readings -----------------------------------------------------------------------------------------------------
    def width_of(self, mnemonic: str, operand: str) -> Width:
        """The declared width of a register operand."""
        return self.details[mnemonic].operands.get(operand, REGISTER)

    def catalogue_entry(self) -> CatalogueEntry:
        """What makes it part of an architecture."""
        needs = ("zicsr",) if len(self.csrs) else ()
        return CatalogueEntry(
            self.name, self.title, self.instructions, self.csrs, needs, tuple(self.states.values()), custom=True
        )


def most_accesses(tree: Block) -> int:
    """Return the greatest number of loads and stores on a path."""
    own = sum(node.operation in ("load", "store") for node in tree.nodes)
    return own + max((most_accesses(child) for child in (tree.then, tree.otherwise) if child is not None), default=0)


def declared_energies(extensions: Iterable[Extension]) -> dict[str, int]:
    """Return the energy of each instruction that declares one, in femtojoules by mnemonic."""
    return {
        mnemonic: round(details.energy_pj * 1000)
        for extension in extensions
        for mnemonic, details in extension.details.items()
        if details.energy_pj is not None
    }
