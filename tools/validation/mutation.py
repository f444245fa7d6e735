"""How many planted faults our own tests find: of RV32IM by the official programs, of Xnmspk by its random programs.

Faults are those of `neurohart ext mutate`. A mutant that survives is proved equivalent, or shown with a case.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from iss.builtin import builtin_architecture
from iss.extension import Extension, architecture_with, load_extensions
from iss.extension.cases import describe_case
from iss.extension.dut import BASE
from iss.extension.killing import Killing, killing
from iss.extension.mutation import Mutant, mutants, mutated_architecture
from iss.extension.prove import Limits
from iss.extension.widths import Width
from iss.hart.hart import Registers, TrapRaised
from iss.isa.catalogue import Architecture
from iss.isa.definitions import Definition
from iss.isa.state import StateField
from iss.machine import End, Machine
from iss.memory.map import MemoryMap
from tests.extension.xnm_programs import case_program, enabling_program, records, xnm_program
from tests.official.build import riscv_tests
from tests.oracles.building import Program

XNMSPK = Path(__file__).resolve().parents[2] / "programs" / "extensions" / "xnmspk" / "xnmspk.py"
XNM_SEEDS = 150  # as tests/extension/test_xnmspk.py has them
SUITES = ("rv32ui", "rv32um")
_PATIENCE = 20  # times the instructions of the right machine
_LIMITS = Limits(smt_seconds=2.0, exhaustive_bits=20, random_cases=200_000, random_seconds=2.0)
_PATIENT_LIMITS = replace(_LIMITS, smt_seconds=30.0)


@dataclass
class Row:
    """The mutants of an instruction by what became of them."""

    mnemonic: str
    mutants: int = 0
    killed: int = 0
    equivalent: int = 0
    survivors: list[tuple[Mutant, Killing]] = field(default_factory=list)

    @property
    def percent(self) -> float:
        """Killed, of those not proved equivalent."""
        alive = self.mutants - self.equivalent
        return 100 * self.killed / alive if alive else 100.0


def total(rows: Iterable[Row]) -> Row:
    """Return the sum of rows."""
    result = Row("all")
    for row in rows:
        result.mutants += row.mutants
        result.killed += row.killed
        result.equivalent += row.equivalent
        result.survivors += row.survivors
    return result


def scored(
    definitions: Iterable[Definition],
    is_killed: Callable[[Mutant], bool],
    architecture: Architecture,
    states: Mapping[str, StateField],
    every: int = 1,
) -> Iterator[Row]:
    """Yield a row for each instruction; of its mutants, every so many-th is tried."""
    for definition in definitions:
        row = Row(definition.mnemonic)
        for mutant in mutants(definition)[::every]:
            row.mutants += 1
            if is_killed(mutant):
                row.killed += 1
                continue
            fate = killing(mutant, architecture, states, dict[str, Width](), _LIMITS)
            if fate.status == "unknown":
                fate = killing(mutant, architecture, states, dict[str, Width](), _PATIENT_LIMITS)
            if fate.status == "equivalent":
                row.equivalent += 1
            else:
                row.survivors.append((mutant, fate))
        yield row


# RV32IM by the official programs ------------------------------------------------------------------------------------
class Official:
    """The official programs, and which of them execute which instructions."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self.architecture = builtin_architecture()
        self._elfs = {program.name: program.build() for program in programs}
        self._length: dict[str, int] = {}
        self._users: dict[str, list[str]] = {}
        for name in self._elfs:
            executed: set[str] = set()
            passed, self._length[name] = self._run(name, self._noting(executed), 1_000_000)
            if not passed:
                raise ValueError(f"{name} does not pass on the unchanged definitions")
            for mnemonic in executed:
                self._users.setdefault(mnemonic, []).append(name)

    def definitions(self) -> list[Definition]:
        """Return the instructions of I and M that programs execute."""
        return [one for one in self.architecture.instructions if one.extension in ("i", "m")]

    def is_killed(self, mutant: Mutant) -> bool:
        """Run the programs that execute the instruction, that of its name first, until one does not pass."""
        mnemonic = mutant.original.mnemonic
        changed = mutated_architecture(self.architecture, mutant)
        for name in sorted(self._users.get(mnemonic, ()), key=lambda name: not name.endswith(f"-{mnemonic}")):
            if not self._run(name, changed, _PATIENCE * self._length[name])[0]:
                return True
        return False

    def _run(self, name: str, architecture: Architecture, limit: int) -> tuple[bool, int]:
        machine = Machine(architecture, "reference", memory_map=MemoryMap().with_ram(size=1 << 18))
        machine.load(self._elfs[name])
        outcome = machine.run(limit)
        return outcome.end is End.EXIT and outcome.exit_code == 0, machine.hart.retired

    def _noting(self, executed: set[str]) -> Architecture:
        """Return the architecture whose instructions note that they are executed."""
        from iss.isa.definitions import InstructionSet

        known = self.architecture.instructions
        noting = InstructionSet(known.name, known.title)
        for definition in known:

            def meaning(hart: Any, insn: Any, original: Definition = definition) -> None:
                executed.add(original.mnemonic)
                original.meaning(hart, insn)

            changed = replace(definition, meaning=meaning)
            noting.definitions.append(changed)
            noting.by_mnemonic[changed.mnemonic] = changed
        return replace(self.architecture, instructions=noting)


# Xnmspk by its random programs --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Executed:
    """One execution of an instruction in a program: operands, registers and state before, and what became of them."""

    program: str
    operands: Mapping[str, int]
    x: tuple[int, ...]
    state: bytes
    rd: int
    result: int
    after: bytes
    trap: tuple[int, int] | None


class Spiking:
    """The programs of the tests of Xnmspk: all executions of the specification, which agree with the coprocessor's.

    A mutant that gives another result for one of them differs in that program. Where only the state differs, the
    program itself is run, because a state that is overwritten before it is read is not seen.
    """

    def __init__(self, extension: Extension, seeds: Iterable[int], definitions: Iterable[Definition]) -> None:
        self.extension = extension
        self.architecture = architecture_with([extension], "rv32im_zicsr_zifencei_zicntr")
        self._csrs = [csr.number for csr in extension.csrs]
        self._codes = {f"{seed}": xnm_program(seed, extension.instructions, self._csrs) for seed in seeds}
        for definition in definitions:
            self._codes |= {f"{definition.mnemonic} {ctl}": enabling_program(definition, ctl) for ctl in range(8)}
            self._codes[f"{definition.mnemonic} cases"] = case_program(definition, extension.csrs)
        self._executed: dict[str, list[_Executed]] = {}
        for name, code in self._codes.items():
            records(self._noting(name), code, "reference")
        self._hart = Machine(self.architecture, "reference", memory_map=MemoryMap().with_ram(size=1 << 16)).hart
        self._hart.pc = BASE  # a trap wants to see a word there

    def is_killed(self, mutant: Mutant) -> bool:
        """Replay the executions of the instruction on the mutant."""
        suspects: list[str] = []
        for one in self._executed.get(mutant.original.mnemonic, ()):
            seen = self._replayed(mutant.definition, one)
            if seen[0] != one.trap or (one.trap is None and seen[1] != one.result):
                return True
            if seen[2] != one.after and one.program not in suspects:
                suspects.append(one.program)
        changed = mutated_architecture(self.architecture, mutant)
        for name in suspects:
            code = self._codes[name]
            if records(changed, code, "reference").tobytes() != records(self.architecture, code, "reference").tobytes():
                return True
        return False

    def _replayed(self, definition: Definition, one: _Executed) -> tuple[tuple[int, int] | None, int, bytes]:
        hart = self._hart
        hart.x = Registers(one.x)
        hart.state.buffer[:] = one.state
        hart.bus.store(BASE, 4, definition.encoding.encode(**one.operands))
        trap = None
        try:
            definition.meaning(hart, SimpleNamespace(length=4, **one.operands))
        except TrapRaised as raised:
            trap = raised.cause, raised.value
        changed = [number for number in range(32) if hart.x[number] != one.x[number] and number != one.rd]
        return trap, -1 if changed else hart.x[one.rd], bytes(hart.state.buffer)

    def _noting(self, program: str) -> Architecture:
        from iss.isa.definitions import InstructionSet

        known = self.architecture.instructions
        noting = InstructionSet(known.name, known.title, known.unit, known.states)
        for definition in known:
            changed = definition
            if definition.mnemonic in self.extension.instructions.by_mnemonic:
                changed = replace(definition, meaning=self._meaning(definition, program))
            noting.definitions.append(changed)
            noting.by_mnemonic[changed.mnemonic] = changed
        return replace(self.architecture, instructions=noting)

    def _meaning(self, definition: Definition, program: str) -> Callable[[Any, Any], None]:
        kept = self._executed.setdefault(definition.mnemonic, [])
        fields = definition.encoding.fields

        def meaning(hart: Any, insn: Any) -> None:
            x, state, trap = tuple(hart.x), bytes(hart.state.buffer), None
            operands = {name: getattr(insn, name) for name in fields}
            try:
                definition.meaning(hart, insn)
            except TrapRaised as raised:
                trap = raised.cause, raised.value
                raise
            finally:
                rd = operands.get("rd", 0)
                after = bytes(hart.state.buffer)
                kept.append(_Executed(program, operands, x, state, rd, hart.x[rd], after, trap))

        return meaning


# The command --------------------------------------------------------------------------------------------------------
def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m tools.validation mutation`."""
    parser.add_argument("subject", choices=("rv32im", "xnmspk"), help="whose tests are scored")
    parser.add_argument("--only", metavar="MNEMONIC", action="append", help="mutants of these instructions")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="try every N-th mutant (default: all)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--cases", metavar="FILE", type=Path, help="write cases that tell survivors apart, as JSON")


def rows_of(subject: str, only: Sequence[str] | None, every: int) -> Iterator[Row]:
    """Yield the rows of a subject's table."""
    if subject == "rv32im":
        official = Official([program for program in riscv_tests() if program.name.startswith(SUITES)])
        chosen = [one for one in official.definitions() if only is None or one.mnemonic in only]
        yield from scored(chosen, official.is_killed, official.architecture, {}, every)
        return
    (extension,) = load_extensions(XNMSPK)
    chosen = [one for one in extension.instructions if only is None or one.mnemonic in only]
    spiking = Spiking(extension, range(XNM_SEEDS), chosen)
    yield from scored(chosen, spiking.is_killed, spiking.architecture, extension.states, every)


def main(arguments: argparse.Namespace) -> int:
    """Make the table; 1 if the score is below 95 percent."""
    rows = []
    for row in rows_of(arguments.subject, arguments.only, arguments.every):
        rows.append(row)
        if not arguments.json:
            print("\n".join(_lines(row)), flush=True)
    whole = total(rows)
    if arguments.cases is not None:
        text = ",\n".join(json.dumps(_case(mutant, fate)) for mutant, fate in whole.survivors if fate.case is not None)
        arguments.cases.write_text(f"[\n{text}\n]\n", encoding="utf-8")
    if arguments.json:
        print(json.dumps([_plain(row) for row in (*rows, whole)], indent=2))
    else:
        print(_summary(whole))
    return 0 if whole.percent >= 95 else 1


def _summary(row: Row) -> str:
    return (
        f"{row.mnemonic:<12} {row.mutants:>5} mutants  {row.equivalent:>4} equivalent  {row.killed:>5} killed  "
        f"{len(row.survivors):>3} survive  {row.percent:6.1f} %"
    )


def _lines(row: Row) -> Iterator[str]:
    yield _summary(row)
    for mutant, fate in row.survivors:
        yield f"    {mutant}"
        if fate.case is not None and fate.results is not None:
            yield f"        {'; '.join(describe_case(fate.case, mutant.original))}"
            for what, right, wrong in fate.results[0].differences(fate.results[1]):
                yield f"        {what}: {right}, the mutant {wrong}"
        else:
            yield f"        no case is known: {fate.how}"


def _case(mutant: Mutant, fate: Killing) -> dict[str, Any]:
    """Return a case as tests/extension/xnm_cases.json has them."""
    case = fate.case
    assert case is not None
    return {
        "instruction": mutant.original.mnemonic,
        "operands": dict(case.operands),
        "x": {str(number): value for number, value in case.x.items() if value},
        "state": {name: held[0] for name, held in sorted(case.states.items()) if held.get(0)},
    }


def _plain(row: Row) -> dict[str, Any]:
    return {
        "instruction": row.mnemonic,
        "mutants": row.mutants,
        "equivalent": row.equivalent,
        "killed": row.killed,
        "percent": round(row.percent, 2),
        "survivors": [{"fault": str(mutant), "how": fate.how} for mutant, fate in row.survivors],
    }
