"""The header of an extension for C: an intrinsic for each instruction, functions for the CSRs."""

from __future__ import annotations

from iss.extension.extension import Extension
from iss.isa.definitions import Definition
from iss.isa.intrinsics import ASSERTION, WORD, Signature, c_name, csr_functions, intrinsic, uses_of
from iss.isa.tracing import Node
from iss.isa.values import Value, interval

OPENING = """\
/* {name}.h: {title}, version {version}, for C and C++ on RV32 with gcc, clang or zig.
   Written by `neurohart ext export` from {file}; do not edit. Needs <stdint.h> only. */
#ifndef {guard}
#define {guard}

#include <stdint.h>

#if !defined(__riscv) || __riscv_xlen != 32
#error "{name}.h is for RV32: compile with -march=rv32im_zicsr -mabi=ilp32 or --target=riscv32"
#endif
"""


def header(extension: Extension) -> str:
    """The text of the header."""
    guard = f"{extension.name.upper()}_H"
    parts = [
        OPENING.format(
            name=extension.name,
            title=extension.title,
            version=extension.version,
            file=extension.path.name,
            guard=guard,
        )
    ]
    for definition in extension.instructions:
        if any(node.operation == "jump" for node in definition.trace().walk()):
            parts.append(f"/* {definition.syntax.text}: jumps, which no function of C can */\n")
            continue
        text = intrinsic(definition, c_name(definition.mnemonic), Signature(types_of(extension, definition)))
        parts.append(text or f"/* {definition.syntax.text}: no form of .insn has this encoding, so no intrinsic */\n")
    prefix = extension.name[1:]
    for csr in extension.csrs:
        name = c_name(csr.name).removeprefix(f"{prefix}_")
        comment = f"{csr.name}: {csr.documentation}"
        parts.append(csr_functions(prefix, name, csr.number, csr.write is not None, comment))
    if any("NH_STATIC_ASSERT" in part for part in parts):
        parts.insert(1, ASSERTION)
    return "\n".join([*parts, f"#endif /* {guard} */\n"])


def types_of(extension: Extension, definition: Definition) -> dict[str, str]:
    """Return the C types of register operands: pointers for addresses, signed where numbers may be negative."""
    types: dict[str, str] = {}
    tree = definition.trace()
    uses = uses_of(tree)
    nodes = tree.walk()
    stores = any(node.operation == "store" for node in nodes)
    widths = extension.details[definition.mnemonic].operands
    for operand in uses.reads:
        is_signed = widths[operand].is_signed if operand in widths else _is_read_signed(nodes, operand)
        types[operand] = "int32_t" if is_signed else WORD
    for operand in _addresses(nodes):
        types[operand] = "void *" if stores else "const void *"
    written = [node.operands[1] for node in nodes if node.operation == "write_x"]
    result = "int32_t" if any(interval(value)[0] < 0 for value in written) else WORD
    return types | dict.fromkeys(uses.writes, result)


def _addresses(nodes: list[Node]) -> set[str]:
    """Return the registers that hold addresses: loads and stores take them as they are, or with an immediate added."""
    by_index = {node.index: node for node in nodes}

    def made_by(value: object) -> Node | None:
        return by_index[value.index] if isinstance(value, Value) else None

    found = set()
    for node in nodes:
        if node.operation not in ("load", "store"):
            continue
        address = made_by(node.operands[0])
        parts = [address] if address is None or address.operation != "add" else [made_by(p) for p in address.operands]
        reads = [part for part in parts if part is not None and part.operation == "read_x"]
        others = [part for part in parts if part is not None and part.operation not in ("read_x", "operand")]
        if len(reads) == 1 and not others:
            register = made_by(reads[0].operands[0])
            if register is not None:
                found.add(str(register.static))
    return found


def _is_read_signed(nodes: list[Node], operand: str) -> bool:
    """Tell whether a meaning reads a register as a two's complement number and in no other way."""
    by_index = {node.index: node for node in nodes}
    reads = {
        node.index
        for node in nodes
        if node.operation == "read_x"
        and isinstance(node.operands[0], Value)
        and by_index[node.operands[0].index].static == operand
    }
    users = [
        node for node in nodes if any(isinstance(given, Value) and given.index in reads for given in node.operands)
    ]
    return bool(users) and all(node.operation == "signed" for node in users)
