"""Implementations that are machines of ours: the definition itself, another extension file, a Python oracle, an ISA.

A `MachineUnderTest` is one machine that is used for all programs. What it gives is `Records`, the trace as it comes,
because equal traces need no columns.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np

from iss.builtin import builtin_architecture, extended_architecture
from iss.errors import NeuroHartError
from iss.extension.dut import ABILITIES, BASE, DATA, DATA_SIZE, RAM_SIZE, SYMBOLS, Run, TestProgram
from iss.extension.extension import Extension, ImplementationSpec
from iss.extension.implementations import function_targets, target_path
from iss.extension.load import architecture_with, execute_file, load_extensions
from iss.hart.hart import TrapRaised
from iss.isa.catalogue import DEFAULT_ISA, Architecture
from iss.isa.catalogue import Extension as CatalogueEntry
from iss.isa.csrs import CsrTable
from iss.isa.definitions import InstructionSet
from iss.isa.tracing import Unit
from iss.loaders.image import Image, Segment, Symbol
from iss.machine import End, Machine
from iss.memory.device import BusError
from iss.memory.map import MemoryMap
from iss.trace.events import Kind

_SYMBOLS = {name: Symbol(name, address, 8, "object") for name, address in SYMBOLS.items()}


@dataclass
class Records:
    """What a program did, with the trace records (`iss.trace.events`) as they come."""

    records: bytes
    x: tuple[int, ...]
    state: bytes | None
    csrs: dict[int, int]
    data: bytes
    retired: int
    ended: str = "exit"

    def run(self) -> Run:
        """Return it in columns."""
        rows = np.frombuffer(self.records, np.uint32).reshape(-1, 4)
        kind = rows[:, 0] & 0xFF
        retired = kind == Kind.RETIRED
        before = np.cumsum(retired, dtype=np.uint32)  # of a record that does not retire: the row it belongs to
        is_access = (kind == Kind.LOAD) | (kind == Kind.STORE)
        is_trap = kind == Kind.TRAP
        accesses, traps, own = rows[is_access], rows[is_trap], rows[retired]
        tags = accesses[:, 0]
        columns = (before[is_access], accesses[:, 1], tags >> 8 & 0xFF, accesses[:, 2], tags & 0xFF == Kind.STORE)
        rd = own[:, 0] >> 8 & 31
        return Run(
            own[:, 1].copy(),
            own[:, 2].copy(),
            rd,
            np.where(rd != 0, own[:, 3], 0).astype(np.uint32),
            np.stack([part.astype(np.uint32) for part in columns], 1),
            np.concatenate([before[is_trap, None], traps[:, 1:]], 1),
            self.x,
            self.state,
            self.csrs,
            self.data,
            self.ended,
        )


class MachineUnderTest:
    """One of our machines, running program after program; `connect` is called with it once it is there.

    `layout_of` is the extension whose state and CSRs are told.
    """

    def __init__(
        self,
        name: str,
        architecture: Architecture,
        engine: str,
        extension: Extension,
        *,
        mnemonics: frozenset[str] | None = None,
        connect: Callable[[Machine], object] | None = None,
    ) -> None:
        self.name, self.abilities, self.mnemonics = name, ABILITIES, mnemonics
        self._machine = Machine(
            architecture,
            engine,
            memory_map=MemoryMap().with_ram(RAM_SIZE),
            coprocessor=None,
        )
        if connect is not None:
            connect(self._machine)
        own = tuple(extension.states.values())
        shapes = [
            [(f.name, f.bits, f.signed, f.count) for f in fields]
            for fields in (own, architecture.states.fields.values())
        ]
        self._tells_state = shapes[0] == shapes[1]
        self._csrs = [csr.number for csr in extension.csrs]
        self._chunks: list[bytes] = []
        self._machine.observe(lambda records: self._chunks.append(bytes(records)))

    def run(self, program: TestProgram, limit: int) -> Run:
        """See Implementation.run."""
        return self.records(program, limit).run()

    def records(self, program: TestProgram, limit: int) -> Records:
        """Run a program; return its trace and what is left."""
        machine, hart = self._machine, self._machine.hart
        machine.load(Image(BASE, (Segment(BASE, program.flat(), RAM_SIZE, "rwx"),), _SYMBOLS))
        self._chunks.clear()
        try:
            end = machine.run(limit).end
            ended = {End.EXIT: "exit", End.LIMIT: "limit", End.INTERRUPTED: "interrupted"}.get(end, end.value)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:  # of an oracle
            ended = f"raised {type(error).__name__}: {error}"
        if ended == "interrupted":
            raise KeyboardInterrupt
        data = bytes(machine.ram.buffer[DATA - BASE : DATA - BASE + DATA_SIZE])
        state = bytes(hart.state.buffer) if self._tells_state else None
        csrs = {number: value for number in self._csrs if (value := self._csr(number)) is not None}
        return Records(b"".join(self._chunks), tuple(hart.x), state, csrs, data, hart.retired, ended)

    def _csr(self, number: int) -> int | None:
        try:
            return self._machine.hart.read_csr(number)
        except (TrapRaised, BusError):  # its mtval would be the word at the pc, which may lead nowhere
            return None

    def close(self) -> None:
        """Nothing is kept open."""


# Definitions with other meanings ----------------------------------------------------------------------------------
def architecture_of(
    extension: Extension,
    meanings: Mapping[str, Callable[[Any, Any], None]],
    *,
    unit: Unit | None = None,
    csrs: CsrTable | None = None,
) -> Architecture:
    """Return the architecture of an extension, some of whose instructions have other meanings."""
    instructions = InstructionSet(extension.name, extension.title, unit, extension.states)
    for definition in extension.instructions:
        meaning = meanings.get(definition.mnemonic)
        other = definition
        if meaning is not None:
            other = replace(definition, meaning=meaning, unit=unit, unused=tuple(definition.encoding.fields))
        instructions.definitions.append(other)
        instructions.by_mnemonic[other.mnemonic] = other
    entry = extension.catalogue_entry()
    entry = CatalogueEntry(
        entry.name, entry.title, instructions, entry.csrs if csrs is None else csrs, entry.needs, entry.states, True
    )
    return extended_architecture(DEFAULT_ISA, [entry])


def specification(extension: Extension, engine: str) -> MachineUnderTest:
    """Return the definitions themselves, on an engine."""
    return MachineUnderTest(f"definition ({engine})", architecture_with([extension]), engine, extension)


# Kinds ------------------------------------------------------------------------------------------------------------
def make(spec: ImplementationSpec, extension: Extension, architecture: Architecture) -> MachineUnderTest:
    """Return an implementation of kind python, extension or isa."""
    if spec.kind == "python":
        return _oracle(spec, extension)
    if spec.kind == "extension":
        path = target_path(spec, extension)
        found = [other for other in load_extensions(path) if other.name == extension.name]
        if not found:
            raise NeuroHartError(f"{spec.location}: {path} defines no extension {extension.name}")
        return _other(spec, extension, architecture_with(found), found[0].instructions)
    other = builtin_architecture(str(spec.target))
    return _other(spec, extension, other, other.instructions)


def _other(
    spec: ImplementationSpec, extension: Extension, other: Architecture, instructions: InstructionSet
) -> MachineUnderTest:
    """Return a machine of another architecture; both have to agree about encodings."""
    shared = []
    for definition in extension.instructions:
        twin = instructions.by_mnemonic.get(definition.mnemonic)
        if twin is None:
            continue
        if (twin.encoding.match, twin.encoding.mask) != (definition.encoding.match, definition.encoding.mask):
            raise NeuroHartError(
                f"{spec.location}: {definition.mnemonic} is {twin.encoding.pattern!r} there and "
                f"{definition.encoding.pattern!r} here; test implementations of the same encoding"
            )
        shared.append(definition.mnemonic)
    if not shared:
        raise NeuroHartError(f"{spec.location}: {spec.target} has no instruction of {extension.name}")
    engine = str(spec.options.get("engine", "auto"))
    return MachineUnderTest(spec.name, other, engine, extension, mnemonics=frozenset(shared))


def _oracle(spec: ImplementationSpec, extension: Extension) -> MachineUnderTest:
    """Return the definitions with meanings in ordinary Python, which the reference engine calls."""
    modules: dict[str, ModuleType] = {}
    meanings: dict[str, Callable[[Any, Any], None]] = {}
    for mnemonic, (file, name) in function_targets(spec, extension).items():
        if file not in modules:
            modules[file] = execute_file(target_path(spec, extension, file))
        function = getattr(modules[file], name, None)
        if function is None and isinstance(spec.target, str) and ":" not in spec.target:
            continue
        if not callable(function) or len(inspect.signature(function).parameters) != 2:
            raise NeuroHartError(f"{spec.location}: {file} has no function {name}(hart, insn) for {mnemonic}")
        meanings[mnemonic] = function
    if not meanings:
        raise NeuroHartError(
            f"{spec.location}: {spec.target} has no function named like an instruction of {extension.name}"
        )
    return MachineUnderTest(
        spec.name, architecture_of(extension, meanings), "reference", extension, mnemonics=frozenset(meanings)
    )
