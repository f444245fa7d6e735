"""Two implementations of one instruction compared in C: on all machines, or on random and corner ones.

A side is a definition (printed by the generator of the interpreter) or a user's C function. The program around them is
`harness_template.c`.
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

from iss.engines.c_bodies import Body
from iss.engines.c_expressions import c_type, literal
from iss.engines.custom import compile_c
from iss.engines.generate import TEMPLATE as INTERPRETER_TEMPLATE
from iss.errors import NeuroHartError
from iss.extension.cases import Case, Result
from iss.extension.functions import CFunction
from iss.extension.trees import numbers_matter, operations, sources
from iss.extension.widths import Width
from iss.isa.definitions import Definition
from iss.isa.encoding import Encoding
from iss.isa.state import HART_FIELDS, StateField
from iss.isa.tracing import Block, Node

TEMPLATE = Path(__file__).with_name("harness_template.c")
REGISTER = Width(32, False)
_PARALLEL_BITS, _MOST_JOBS = 24, 8  # so many cases (2^24) are worth processes beside each other, so many at most
USUAL_NUMBERS = {"rd": 10, "rs1": 11, "rs2": 12}
_PRINT = {False: 'printf("%" PRIu64, (uint64_t)value);', True: 'printf("%" PRId64, (int64_t)value);'}
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
            return total + len(self.sources) * max((self._width(name).bits for name in self.sources), default=0)
        return total + sum(self._width(name).bits for name in self.sources)

    def _width(self, name: str) -> Width:
        return self.widths.get(name, REGISTER)

    def __enter__(self) -> Harness:
        self._folder = tempfile.TemporaryDirectory(prefix="neurohart-")
        try:
            folder = Path(self._folder.name)
            text, self._program = folder / "harness.c", folder / "harness"
            text.write_text(self.source(), encoding="utf-8")
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

    # The program ----------------------------------------------------------------------------------------------------
    def source(self) -> str:
        """Return the C text of the program."""
        encoding = self.definition.encoding
        states = list(self.states.values())
        interpreter = INTERPRETER_TEMPLATE.read_text(encoding="utf-8")
        first = interpreter.index("__attribute__((unused)) static inline int64_t nh_signed")
        fields = sorted(
            {
                node.static
                for tree in self.trees
                for node in tree.walk()
                if node.operation in ("read_field", "write_field") and node.static != "instruction_word"
            }
        )
        kept = (
            []
            if self.any_numbers
            else sorted({USUAL_NUMBERS[name] for name in USUAL_NUMBERS if name in encoding.fields})
        )
        parts = {
            "OPERANDS": "\n".join(
                f"    {c_type(place.minimum, place.maximum)} {name};" for name, place in encoding.fields.items()
            )
            or "    uint32_t none;",
            "FIELDS": "\n".join(f"    uint{32 if HART_FIELDS[name] <= 32 else 64}_t {name};" for name in fields),
            "ARITHMETIC": interpreter[first : interpreter.index("/* Retire what acc")],
            "STATE": _state_text(states),
            "SIDES": "\n".join(
                [
                    _draw_text(self, fields),
                    _word_text(encoding),
                    self._condition_text(),
                    *(self._side_text(side, name) for side, name in zip(self.sides, ("first", "second"), strict=True)),
                ]
            ),
            "REGISTERS_DIFFER": " || ".join(f"a->x[{number}] != b->x[{number}]" for number in kept) or "0"
            if not self.any_numbers
            else "memcmp(a->x + 1, b->x + 1, 31 * sizeof a->x[0])",
            "FIELDS_DIFFER": "\n".join(f"    if (a->{name} != b->{name}) return 0;" for name in fields),
            "HAS_STORES": str(int(self.has_memory)),
            "RUN": _run_text(kept, fields, self.condition is not None),
        }
        text = TEMPLATE.read_text(encoding="utf-8")
        for name, part in parts.items():
            text = text.replace(f"@{name}@", part)
        return text

    def _condition_text(self) -> str:
        if self.condition is None:
            return ""
        body = _CheckedCondition(self.condition, _slots(self.definition.encoding))
        body.block(body.tree, 1, None)
        lines = "\n".join(body.lines)
        return f"static inline int counts(machine *s, const operands *d)\n{{\n    (void)s;\n    (void)d;\n{lines}\n}}\n"

    def _side_text(self, side: Definition | CFunction, name: str) -> str:
        if isinstance(side, CFunction):
            return side.wrapper(f"side_{name}", list(self.states.values()))
        body = _CheckedBody(side.trace(), _slots(side.encoding))
        body.block(body.tree, 1, None)
        lines = "\n".join(body.lines)
        return (
            f"static inline __attribute__((always_inline)) void side_{name}(machine *s, const operands *d)\n{{\n"
            f"    uint64_t acc = 0;\n    (void)acc;\n    (void)d;\n{lines}\n}}\n"
        )


class _CheckedBody(Body):
    """The body of a side: state is reached through functions that note which element is touched."""

    def member(self, node: Node) -> str:
        index = self.text(node.operands[0]) if node.static.count > 1 else "0"
        return f"(*at_{node.static.name}(s, {index}))"


class _CheckedCondition(_CheckedBody):
    """A condition on a case: paths end with its value."""

    def finish(self, block: Block, depth: int, jump: str | None, accesses: int) -> None:
        self.emit(depth, f"return {self.text(block.result, 'uint32_t')} != 0;")


def _slots(encoding: Encoding) -> dict[str, str]:
    return {name: "READ_RD" if name == "rd" else f"d->{name}" for name in encoding.fields}


def _sources(sides: tuple[Definition | CFunction, ...], trees: list[Block], encoding: Encoding) -> list[str]:
    read = {name for tree in trees for name in sources(tree)}
    read |= {
        name for side in sides if isinstance(side, CFunction) for name in side.registers if name in encoding.fields
    }
    return [name for name in ("rs1", "rs2", "rd") if name in read]


def _draw_text(harness: Harness, fields: list[str]) -> str:
    """Return the C functions that draw a case's machine and show its operands."""
    encoding = harness.definition.encoding
    lines = ["    s->pc = 0x80000000u;"]
    if any("read_pc" in operations(tree) for tree in harness.trees):
        lines.append("    s->pc = (uint32_t)draw(30) << 2;")
    numbers = [name for name in encoding.fields if name in USUAL_NUMBERS]
    for name, place in encoding.fields.items():
        if name in USUAL_NUMBERS:
            if harness.any_numbers:
                usual = f"drawing_all || !(random64() & 3) ? (uint32_t)draw(5) : {USUAL_NUMBERS[name]}u"
                lines.append(f"    d->{name} = {usual};")
            else:
                lines.append(f"    d->{name} = {USUAL_NUMBERS[name]}u;")
        else:
            size = place.width - place.low
            kind = c_type(place.minimum, place.maximum)
            drawn = f"widened(draw({size}), {size}, {int(place.signed)})"
            lines.append(f"    d->{name} = ({kind})({drawn} << {place.low});")
    if harness.any_numbers:
        lines.append("    memset(s->x, 0, sizeof s->x);")
    for name in ("rd", *harness.sources):
        if name == "rd" and (name not in numbers or name in harness.sources):
            continue
        if name not in harness.sources:
            lines.append("    s->x[d->rd] = 0xa5a5a5a5u;")
            continue
        width = harness._width(name)
        if harness.any_numbers:
            bits = max(harness._width(source).bits for source in harness.sources)
            width = Width(bits, width.is_signed)
        value = f"(uint32_t)widened(draw({width.bits}), {width.bits}, {int(width.is_signed)})"
        if width.bits < 32:
            value = f"drawing_all || random64() & 1 ? {value} : (uint32_t)draw(32)"
        if any({"load", "store"} & operations(tree) for tree in harness.trees):
            value = f"!drawing_all && random64() & 1 ? 0x1000u + (uint32_t)(random64() & 15) * 4u : {value}"
        lines.append(f"    s->x[d->{name}] = {value};")
    if harness.any_numbers:
        lines.append("    s->x[0] = 0;")
        if "rd" in numbers:
            lines.append("    if (d->rd == 0) d->rd = 32;")
    lines += [f"    s->{name} = draw({HART_FIELDS[name]});" for name in fields]
    shown = [
        f'    printf("{", " if position else ""}\\"{name}\\": %" PRId64, (int64_t)({_shown(name)}));'
        for position, name in enumerate(encoding.fields)
    ]
    return (
        "static inline __attribute__((always_inline)) void draw_machine(operands *d, machine *s)\n{\n    (void)d;\n"
        + "\n".join(lines)
        + "\n}\n"
        "static void show_operands(const operands *d)\n{\n    (void)d;\n" + "\n".join(shown) + "\n}\n"
    )


def _shown(name: str) -> str:
    return "d->rd & 31u" if name == "rd" else f"d->{name}"


def _word_text(encoding: Encoding) -> str:
    parts = [f"UINT32_C({encoding.match:#x})"]
    for name, place in encoding.fields.items():
        value = f"((uint32_t)({_shown(name)}))"
        parts += [
            f"({value} >> {piece.value_low} & {literal((1 << piece.width) - 1)}) << {piece.word_low}"
            for piece in place.pieces
        ]
    return (
        "__attribute__((unused)) static inline uint32_t word_of(const operands *d)\n"
        f"{{\n    (void)d;\n    return {' | '.join(parts)};\n}}\n"
    )


def _state_text(states: list[StateField]) -> str:
    lines = []
    for place in states:
        name, kind, drawn = place.name, place.c_type, f"widened(draw({place.bits}), {place.bits}, {int(place.signed)})"
        lines.append(f"""
static struct {{ uint64_t stamp; {kind} initial, held[2]; }} all_{name}[{place.count}];
static uint32_t touched_{name}[{min(place.count, 4096)}];
static unsigned touches_{name};
static inline {kind} *at_{name}(machine *s, uint32_t index)
{{
    if (all_{name}[index].stamp != case_number) {{
        const {kind} value = ({kind}){drawn};
        all_{name}[index].stamp = case_number;
        all_{name}[index].initial = all_{name}[index].held[0] = all_{name}[index].held[1] = value;
        if (touches_{name} < {min(place.count, 4096)}) touched_{name}[touches_{name}++] = index;
    }}
    return &all_{name}[index].held[s->side];
}}""")
    same = "\n".join(
        f"    for (unsigned i = 0; i < touches_{place.name}; i++)\n"
        f"        if (all_{place.name}[touched_{place.name}[i]].held[0]"
        f" != all_{place.name}[touched_{place.name}[i]].held[1]) return 0;"
        for place in states
    )
    shown = "\n".join(
        f"""    printf("{", " if position else ""}\\"{place.name}\\": {{");
    for (unsigned i = 0; i < touches_{place.name}; i++) {{
        const uint32_t k = touched_{place.name}[i];
        const {place.c_type} initial = all_{place.name}[k].initial;
        const {place.c_type} value = which == 2 ? initial : all_{place.name}[k].held[which];
        printf("%s\\"%" PRIu32 "\\": ", i ? ", " : "", k);
        {_PRINT[place.signed]}
    }}
    printf("}}");"""
        for position, place in enumerate(states)
    )
    stamps = "".join(
        f"    for (unsigned i = 0; i < touches_{place.name}; i++)\n"
        f"        all_{place.name}[touched_{place.name}[i]].stamp = 0;\n"
        for place in states
    )
    forget = "".join(f" touches_{place.name} = 0;" for place in states)
    lines.append(f"""
static inline int same_states(void)
{{
{same}
    return 1;
}}
static void show_states(int which)
{{
    (void)which;
{shown}
}}
static inline void forget_states(void)
{{
    {forget}
}}
static void forget_draws(void)
{{
{stamps}}}""")
    return "\n".join(lines)


def _run_text(kept: list[int], fields: list[str], conditional: bool) -> str:
    lines = ["    forget_states();"]
    for side, name in enumerate(("first", "second")):
        if kept:
            lines += [f"    {name}->x[{number}] = start->x[{number}];" for number in kept]
            lines.append(f"    {name}->pc = start->pc;")
            lines += [f"    {name}->{place} = start->{place};" for place in fields]
            cleared = ("jumped", "trapped", "stores", "accesses")
            lines.append("    " + " = ".join(f"{name}->{member}" for member in cleared) + " = 0;")
        else:
            lines.append(f"    *{name} = *start;")
        lines.append(f"    {name}->side = {side};")
        if conditional and side == 0:
            lines.append("    if (!counts(first, given)) return 1;")
        lines.append(f"    side_{name}({name}, given);")
    return "\n".join(lines)


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
