"""The C program of `iss.extension.harness`: `harness_template.c` with two sides, what they read, and how it is drawn.

A side is a function on a `machine` and the operands of a case; state is drawn when it is first touched.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from iss.engines.c_bodies import Body
from iss.engines.c_expressions import c_type, literal
from iss.engines.generate import TEMPLATE as INTERPRETER_TEMPLATE
from iss.extension.functions import CFunction
from iss.extension.trees import operations
from iss.extension.widths import Width
from iss.isa.definitions import Definition
from iss.isa.encoding import Encoding
from iss.isa.state import HART_FIELDS, StateField
from iss.isa.tracing import Block, Node

if TYPE_CHECKING:
    from iss.extension.harness import Harness

TEMPLATE = Path(__file__).with_name("harness_template.c")
USUAL_NUMBERS = {"rd": 10, "rs1": 11, "rs2": 12}
_PRINT = {False: 'printf("%" PRIu64, (uint64_t)value);', True: 'printf("%" PRId64, (int64_t)value);'}


def program(harness: Harness) -> str:
    """Return the C text of the program."""
    encoding = harness.definition.encoding
    states = list(harness.states.values())
    interpreter = INTERPRETER_TEMPLATE.read_text(encoding="utf-8")
    first = interpreter.index("__attribute__((unused)) static inline int64_t nh_signed")
    fields = sorted(
        {
            node.static
            for tree in harness.trees
            for node in tree.walk()
            if node.operation in ("read_field", "write_field") and node.static != "instruction_word"
        }
    )
    kept = (
        []
        if harness.any_numbers
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
                _draw_text(harness, fields),
                _word_text(encoding),
                _condition_text(harness),
                *(
                    _side_text(harness, side, name)
                    for side, name in zip(harness.sides, ("first", "second"), strict=True)
                ),
            ]
        ),
        "REGISTERS_DIFFER": " || ".join(f"a->x[{number}] != b->x[{number}]" for number in kept) or "0"
        if not harness.any_numbers
        else "memcmp(a->x + 1, b->x + 1, 31 * sizeof a->x[0])",
        "FIELDS_DIFFER": "\n".join(f"    if (a->{name} != b->{name}) return 0;" for name in fields),
        "HAS_STORES": str(int(harness.has_memory)),
        "RUN": _run_text(kept, fields, harness.condition is not None),
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace(f"@{name}@", part)
    return text


def _condition_text(harness: Harness) -> str:
    if harness.condition is None:
        return ""
    body = _CheckedCondition(harness.condition, _slots(harness.definition.encoding))
    body.block(body.tree, 1, None)
    lines = "\n".join(body.lines)
    return f"static inline int counts(machine *s, const operands *d)\n{{\n    (void)s;\n    (void)d;\n{lines}\n}}\n"


def _side_text(harness: Harness, side: Definition | CFunction, name: str) -> str:
    if isinstance(side, CFunction):
        return side.wrapper(f"side_{name}", list(harness.states.values()))
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
        width = harness.width(name)
        if harness.any_numbers:
            bits = max(harness.width(source).bits for source in harness.sources)
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
