"""Two implementations of one instruction compared in C: on all machines, or on random and corner ones.

A side is a definition (printed by the generator of the interpreter) or a user's C function. The program around them is
written by `iss.extension.harness_source`.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any

from iss.engines.custom import compile_c
from iss.errors import NeuroHartError
from iss.extension.cases import Case, Result
from iss.extension.functions import CFunction
from iss.extension.harness_source import USUAL_NUMBERS, program
from iss.extension.trees import numbers_matter, operations, sources
from iss.extension.widths import Width
from iss.isa.definitions import Definition
from iss.isa.encoding import Encoding
from iss.isa.state import HART_FIELDS, StateField
from iss.isa.tracing import Block

REGISTER = Width(32, False)
_PARALLEL_BITS, _MOST_JOBS = 24, 8  # so many cases (2^24) are worth processes beside each other, so many at most
# What the program has no model of: CSR rules, the coprocessor and time belong to a whole machine.
NOT_IN_C = frozenset({"read_csr", "write_csr", "unit_call", "unit_read", "unit_write", "suspend", "wait", "settle"}) | {
    "note_command",
    "synchronise",
}


@dataclass(frozen=True)
class Run:
    """What the program said: how many cases agreed, how many bits of a case were looked at, the case that differs."""

    cases: int
    seconds: float
    most_bits: int = 0
    case: Case | None = None
    results: tuple[Result, Result] | None = None


@dataclass
class Harness:
    """A compiled comparison of two sides; a context manager, because the program lives in a temporary folder."""

    definition: Definition
    sides: tuple[Definition | CFunction, Definition | CFunction]
    widths: Mapping[str, Width] = field(default_factory=dict)
    states: Mapping[str, StateField] = field(default_factory=dict)
    condition: Block | None = None  # traced; its result says whether a case counts

    def __post_init__(self) -> None:
        self.trees = [side.trace() for side in self.sides if isinstance(side, Definition)]
        self.has_memory = any({"load", "store"} & operations(tree) for tree in self.trees) or any(
            side.has_hart for side in self.sides if isinstance(side, CFunction)
        )
        self.any_numbers = any(numbers_matter(tree) for tree in self.trees)
        self.sources = _sources(self.sides, self.trees, self.definition.encoding)

    def operand_bits(self) -> int:
        """How many bits of a case say what its operands hold, without the extension's state."""
        total = 0
        for name, place in self.definition.encoding.fields.items():
            if name in USUAL_NUMBERS:
                total += 5 if self.any_numbers else 0
            else:
                total += place.width - place.low
        names = sorted({node.static for tree in self.trees for node in tree.walk() if node.operation == "read_field"})
        total += sum(HART_FIELDS[name] for name in names if name != "instruction_word")
        total += 30 if any("read_pc" in operations(tree) for tree in self.trees) else 0
        if self.any_numbers:
            return total + len(self.sources) * max((self.width(name).bits for name in self.sources), default=0)
        return total + sum(self.width(name).bits for name in self.sources)

    def __enter__(self) -> Harness:
        self._folder = tempfile.TemporaryDirectory(prefix="neurohart-")
        try:
            folder = Path(self._folder.name)
            text, self._program = folder / "harness.c", folder / "harness"
            text.write_text(program(self), encoding="utf-8")
            functions = [side for side in self.sides if isinstance(side, CFunction)]
            files = [str(function.path) for function in functions]
            included = [f"-I{place}" for function in functions for place in function.includes]
            compile_c(["-std=gnu11", "-O2", "-w", *included, str(text), *files], self._program)
        except BaseException:
            self._folder.cleanup()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._folder.cleanup()

    def all_cases(self, bits: int, progress: Callable[[int, int], None] | None = None) -> Run:
        """Compare all cases of so many bits; `most_bits` above `bits` means that they were not all."""
        start, total = monotonic(), 1 << bits
        shares = min(_MOST_JOBS, os.cpu_count() or 1) if bits >= _PARALLEL_BITS else 1
        edges = [total * share // shares for share in range(shares + 1)]
        done = [0] * shares
        running: list[subprocess.Popen[str]] = []

        def run(share: int) -> Run:
            def report(count: int, _: int) -> None:
                done[share] = count
                if progress is not None:
                    progress(sum(done), total)

            first = edges[share]
            return self._run(["all", str(first), str(edges[share + 1] - first)], total, report, running)

        with ThreadPoolExecutor(shares) as pool:
            futures = [pool.submit(run, share) for share in range(shares)]
            runs = []
            for future in futures:  # in order, so that the case that is shown does not depend on who was first
                runs.append(future.result())
                if runs[-1].case is not None:
                    for process in running:
                        process.kill()
                    return replace(runs[-1], seconds=monotonic() - start)
        return Run(sum(one.cases for one in runs), monotonic() - start, max(one.most_bits for one in runs))

    def random_cases(
        self, count: int, seed: int, seconds: float, progress: Callable[[int, int], None] | None = None
    ) -> Run:
        """Compare so many random and corner cases, fewer if the time is over before."""
        return self._run(["random", str(count), str(seed), str(seconds)], count, progress)

    def _run(
        self,
        arguments: list[str],
        total: int,
        progress: Callable[[int, int], None] | None,
        running: list[subprocess.Popen[str]] | None = None,
    ) -> Run:
        start = monotonic()
        with subprocess.Popen([self._program, *arguments], stdout=subprocess.PIPE, text=True) as process:
            if running is not None:
                running.append(process)
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    kind, _, rest = line.partition(" ")
                    if kind == "progress" and progress is not None:
                        progress(int(rest), total)
                    elif kind == "same":
                        cases, most = map(int, rest.split())
                        return Run(cases, monotonic() - start, most)
                    elif kind == "differ":
                        return self._differing(json.loads(rest), monotonic() - start)
            finally:
                process.kill()
        names = " and ".join(side.label for side in self.sides if isinstance(side, CFunction)) or "the generated C"
        raise NeuroHartError(f"{names} ended the comparison with code {process.returncode}; is memory misused?")

    def _differing(self, said: Mapping[str, Any], seconds: float) -> Run:
        memory: dict[int, int] = {}
        refused = set()
        for side in ("first", "second"):
            for address, size, store, is_refused, values in said[side]["accesses"]:
                if is_refused:
                    refused.add((address, size, bool(store)))
                else:
                    memory |= {address + offset & 0xFFFF_FFFF: value for offset, value in enumerate(values)}
        start_states = _elements(said["states"])
        case = Case(
            {name: value for name, value in said["operands"].items() if name in self.definition.encoding.fields},
            {int(number): value for number, value in said["x"].items()},
            start_states,
            memory,
            frozenset(refused),
            pc=said["pc"],
        )
        results = tuple(_result(said[side], memory, start_states) for side in ("first", "second"))
        return Run(int(said["case"]), seconds, case=case, results=(results[0], results[1]))

    def width(self, name: str) -> Width:
        """The declared width of an operand."""
        return self.widths.get(name, REGISTER)


def _sources(sides: tuple[Definition | CFunction, ...], trees: list[Block], encoding: Encoding) -> list[str]:
    read = {name for tree in trees for name in sources(tree)}
    read |= {
        name for side in sides if isinstance(side, CFunction) for name in side.registers if name in encoding.fields
    }
    return [name for name in ("rs1", "rs2", "rd") if name in read]


def _elements(said: Mapping[str, Mapping[str, int]]) -> dict[str, dict[int, int]]:
    return {name: {int(index): value for index, value in held.items()} for name, held in said.items() if held}


def _result(said: Mapping[str, Any], memory: Mapping[int, int], before: Mapping[str, Mapping[int, int]]) -> Result:
    """Return what a side left behind as what it changed."""
    states = {
        name: {index: value for index, value in held.items() if before.get(name, {}).get(index) != value}
        for name, held in _elements(said["states"]).items()
    }
    trap = said["trap"]
    return Result(
        None if trap is None else (trap[0], trap[1]),
        None if trap is not None else said["next"],
        {int(number): value for number, value in said["x"].items()},
        {name: held for name, held in states.items() if held},
        {int(address): value for address, value in said["memory"].items() if memory.get(int(address)) != value},
        {},
    )
