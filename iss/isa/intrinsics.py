"""Instructions and CSRs as C functions, for compilers that do not know them: inline assembly around `.insn`.

What is written compiles with gcc, clang and zig, freestanding. Instructions with immediates become macros, because
`.insn` takes them as constants.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from iss.isa.definitions import Definition
from iss.isa.directives import REGISTER_FIELDS, REGISTER_SLOTS, Slot, slots_of
from iss.isa.tracing import Block
from iss.isa.values import Value

WORD = "uint32_t"
ASSERTION = """\
#ifndef NH_STATIC_ASSERT
#ifdef __cplusplus
#define NH_STATIC_ASSERT static_assert
#else
#define NH_STATIC_ASSERT _Static_assert
#endif
#endif
"""
"""What the macros check their constants with; goes into a header before them."""


@dataclass(frozen=True, slots=True)
class Uses:
    """Which register operands an instruction reads and writes, and whether it accesses memory."""

    reads: frozenset[str]
    writes: frozenset[str]
    memory: bool


@dataclass(frozen=True, slots=True)
class Signature:
    """C types of operands that are not uint32_t; `memory` says that memory changes although no trace shows it."""

    types: Mapping[str, str] = field(default_factory=dict)
    memory: bool = False


def uses_of(tree: Block) -> Uses:
    """Return what the paths of a meaning read and write."""
    nodes = {node.index: node for node in tree.walk()}

    def named(operation: str) -> frozenset[str]:
        numbers = [node.operands[0] for node in nodes.values() if node.operation == operation]
        return frozenset(str(nodes[number.index].static) for number in numbers if isinstance(number, Value))

    memory = any(node.operation in ("load", "store") for node in nodes.values())
    return Uses(named("read_x"), named("write_x"), memory)


def c_name(mnemonic: str) -> str:
    """Return a mnemonic as a C name: spk.lif is spk_lif."""
    return re.sub(r"\W", "_", mnemonic)


def declared(kind: str, name: str) -> str:
    """Return a C declaration of a name."""
    return f"{kind}{name}" if kind.endswith("*") else f"{kind} {name}"


def intrinsic(definition: Definition, name: str, signature: Signature) -> str | None:
    """Return the C text of one instruction; None if no assembler could be told its encoding."""
    slots = slots_of(definition.encoding)
    uses = uses_of(definition.trace())
    if slots is None or len(uses.writes) > 1:
        return None
    written = [name for operand in definition.syntax.operands for name in (operand.field, operand.base) if name]
    result = next(iter(uses.writes), None)
    sources = [operand for operand in written if operand in uses.reads]
    immediates = [operand for operand in written if operand not in REGISTER_FIELDS]
    arguments = [operand for operand in written if operand in uses.reads or operand in immediates]
    kinds = {operand: signature.types.get(operand, WORD) for operand in REGISTER_FIELDS}
    # The registers that inline assembly names: the result first, then what is only read.
    named = [*([result] if result else []), *(operand for operand in sources if operand != result)]
    numbers = {operand: f"%{index}" for index, operand in enumerate(named)}
    constants: list[str] = []
    order = [_slot_text(slot, numbers, len(named), constants) for slot in slots.values()]
    clobber = ' : "memory"' if uses.memory or signature.memory else ""
    output = "" if result is None else f' "+r"({result})' if result in uses.reads else f' "=r"({result})'
    inputs = [f'"r"({operand})' for operand in sources if operand != result] + constants
    assembly = f'__asm__ volatile(".insn r {", ".join(order)}" :{output} : {", ".join(inputs)}{clobber});'
    kind = kinds[result] if result else "void"
    comment = f"/* {definition.syntax.text}: {definition.documentation} */"
    if immediates:
        return f"{comment}\n{_macro(definition, name, arguments, kinds, result, uses, assembly)}"
    parameters = ", ".join(declared(kinds[operand], operand) for operand in sources) or "void"
    lines = [comment, f"static inline {declared(kind, f'{name}({parameters})')}", "{"]
    if result and result not in uses.reads:
        lines.append(f"    {declared(kinds[result], result)};")
    lines.append(f"    {assembly}")
    if result:
        lines.append(f"    return {result};")
    return "\n".join([*lines, "}\n"])


def _slot_text(slot: Slot, numbers: Mapping[str, str], first: int, constants: list[str]) -> str:
    """Return a slot as it stands in `.insn r`; constants are added to the operands after the registers."""
    if slot.register is not None:
        return numbers.get(slot.register, "x0")
    if slot.parts:
        bits = [
            f"((uint32_t)({part.field}) >> {part.shift} & {(1 << part.width) - 1:#x}u) << {part.at}"
            for part in slot.parts
        ]
        constants.append(f'"i"({" | ".join([*bits, *([f"{slot.fixed:#x}u"] if slot.fixed else [])])})')
        text = f"%{first + len(constants) - 1}"
        return f"x{text}" if slot.name in REGISTER_SLOTS else text
    if slot.name in REGISTER_SLOTS:
        return f"x{slot.fixed}"
    return f"{slot.fixed:#04x}" if slot.name == "opcode" else str(slot.fixed)


def _macro(
    definition: Definition,
    name: str,
    arguments: list[str],
    kinds: Mapping[str, str],
    result: str | None,
    uses: Uses,
    assembly: str,
) -> str:
    """Return a macro, whose names cannot meet those of its arguments."""
    sources = [operand for operand in arguments if operand in REGISTER_FIELDS]
    immediates = [operand for operand in arguments if operand not in REGISTER_FIELDS]
    lines = [f"#define {name}({', '.join(f'{operand}_' for operand in arguments)}) __extension__ ({{"]
    for operand in immediates:
        given = definition.encoding.fields[operand]
        limits = f"({operand}_) >= {given.minimum} && ({operand}_) <= {given.maximum}"
        if given.low:
            limits += f" && (({operand}_) & {(1 << given.low) - 1}) == 0"
        lines.append(f'    NH_STATIC_ASSERT({limits}, "{operand} of {definition.mnemonic}");')
    lines += [f"    {declared(kinds[operand], f'{name}_{operand}')} = ({operand}_);" for operand in sources]
    if result and result not in uses.reads:
        lines.append(f"    {declared(kinds[result], f'{name}_{result}')};")
    for operand in {*sources, *([result] if result else [])}:
        assembly = re.sub(rf"r\"\({operand}\)", f'r"({name}_{operand})', assembly)
    for operand in immediates:
        assembly = assembly.replace(f"(uint32_t)({operand})", f"(uint32_t)({operand}_)")
    lines.append(f"    {assembly}")
    if result:
        lines.append(f"    {name}_{result};")
    return " \\\n".join([*lines, "})"]) + "\n"


def csr_functions(prefix: str, name: str, number: int, writable: bool, comment: str) -> str:
    """Return the C functions that read and, if it is writable, write a CSR."""
    text = (
        f"/* {comment} */\n"
        f"static inline uint32_t {prefix}_read_{name}(void)\n{{\n    uint32_t value;\n"
        f'    __asm__ volatile("csrr %0, {number:#x}" : "=r"(value) : : "memory");\n    return value;\n}}\n'
    )
    if writable:
        text += (
            f"\nstatic inline void {prefix}_write_{name}(uint32_t value)\n{{\n"
            f'    __asm__ volatile("csrw {number:#x}, %0" : : "r"(value) : "memory");\n}}\n'
        )
    return text
