"""The definition and another implementation run the same programs; what they do is compared.

Our interpreter runs every program, the reference engine every REFERENCE_SHARE-th one as well. A `Pair` answers for one
program; `Session` goes through the programs of a seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic

import numpy as np

from iss.errors import NeuroHartError
from iss.extension.compare import Divergence, first_divergence, up_to_a_trap
from iss.extension.dut import ABILITIES, HALTS, Implementation, Run, TestProgram
from iss.extension.dut_machine import MachineUnderTest, Records, specification
from iss.extension.extension import Extension
from iss.extension.programs import LIMIT, Programs
from iss.extension.worker import Worker
from iss.isa.state import StateLayout
from iss.trace.events import Kind

REFERENCE_SHARE = 32


class Pair:
    """The definition on one engine, and what is tested against it."""

    def __init__(self, spec: MachineUnderTest, dut: Implementation, layout: StateLayout) -> None:
        self.spec, self.dut, self.layout = spec, dut, layout

    def compare(self, program: TestProgram, limit: int = LIMIT) -> tuple[Divergence | None, Records]:
        """Run a program on both; return the first difference and what the definition did."""
        dut = self.dut
        given: Run | Records
        if isinstance(dut, Worker):  # both run at the same time
            dut.begin(program, limit)
            ours = self.spec.records(program, limit)
            given = dut.finish()
        else:
            ours = self.spec.records(program, limit)
            given = dut.records(program, limit) if isinstance(dut, MachineUnderTest) else dut.run(program, limit)
        if isinstance(given, Records):
            if given == ours:
                return None, ours
            given = given.run()
        expected = up_to_a_trap(ours.run()) if HALTS in dut.abilities else ours.run()
        return first_divergence(expected, given, self.layout), ours


@dataclass
class Failure:
    """A program on which two implementations differ."""

    program: TestProgram
    divergence: Divergence
    pair: Pair


@dataclass
class Progress:
    """What a session has done so far."""

    programs: int = 0
    instructions: int = 0
    seconds: float = 0.0
    executed: Counter[str] = field(default_factory=Counter)  # by mnemonic, of the extension


class Session:
    """Programs of a seed on all engines and a second implementation; `dut` None tests the engines alone."""

    def __init__(self, extension: Extension, dut: Implementation | None, seed: int) -> None:
        self.extension, self.dut = extension, dut
        layout = StateLayout(extension.states.values())
        reference = specification(extension, "reference")
        self.notes: list[str] = []
        try:
            main = specification(extension, "interpreter")
        except NeuroHartError as error:
            self.notes.append(f"the definition runs on the reference engine alone: {error}")
            main = reference
        self.pairs: list[tuple[Pair, int]] = []
        if dut is not None:
            self.pairs.append((Pair(main, dut, layout), 1))
        if main is not reference:
            self.pairs.append((Pair(main, reference, layout), REFERENCE_SHARE if dut is not None else 1))
        abilities = ABILITIES if dut is None else dut.abilities
        mnemonics = None if dut is None else dut.mnemonics
        self.programs = Programs(extension, seed, abilities, mnemonics)
        if not self.programs.instructions and mnemonics != frozenset():
            raise NeuroHartError(f"{dut.name if dut else extension.name} has no instruction that could be tested")
        self.progress = Progress()
        self._opcodes = np.unique([definition.encoding.match & 0x7F for definition in extension.instructions])
        self._mnemonics: dict[int, str] = {}

    def run(self, first: int = 0, count: int | None = None, seconds: float | None = None) -> Iterator[Failure | None]:
        """Run programs from number `first` on: `count` of them, or for so long; yield each one's failure, if any."""
        start = monotonic()
        number = first
        while (count is None or number < first + count) and (seconds is None or monotonic() - start < seconds):
            program = self.programs.program(number)
            failure = None
            for position, (pair, share) in enumerate(self.pairs):
                if number % share:
                    continue
                divergence, ours = pair.compare(program)
                if position == 0:
                    self.progress.instructions += ours.retired
                    self._count(ours)
                if divergence is not None:
                    failure = Failure(program, divergence, pair)
                    break
            number += 1
            self.progress.programs += 1
            self.progress.seconds = monotonic() - start
            yield failure

    def _count(self, ours: Records) -> None:
        """Count the extension's instructions by mnemonic."""
        rows = np.frombuffer(ours.records, np.uint32).reshape(-1, 4)
        words = rows[rows[:, 0] & 0xFF == Kind.RETIRED, 2]
        words, counts = np.unique(words[np.isin(words & 0x7F, self._opcodes)], return_counts=True)
        executed, known = self.progress.executed, self._mnemonics
        for word, count in zip(words.tolist(), counts.tolist(), strict=True):
            if word not in known:
                definition = self.extension.instructions.decode(word)
                known[word] = definition.mnemonic if definition is not None else ""
            if known[word]:
                executed[known[word]] += count

    def close(self) -> None:
        """Let go of the second implementation."""
        if self.dut is not None:
            self.dut.close()
