"""The header of an extension for C: an intrinsic for each instruction, functions for the CSRs."""

from __future__ import annotations

from iss.extension.extension import Extension
from iss.isa.definitions import Definition
from iss.isa.intrinsics import WORD, Signature, c_name, csr_functions, intrinsic, uses_of
from iss.isa.tracing import Node
from iss.isa.values import Value, interval

OPENING = """\
/* {name}.h: {title}, version {version}, for C on RV32 with gcc, clang or zig.
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
    for written_as in definition.syntax.operands:
        if written_as.kind == "memory" and written_as.base is not None and uses.memory:
            types[written_as.base] = "void *" if stores else "const void *"
    written = [node.operands[1] for node in nodes if node.operation == "write_x"]
    result = "int32_t" if any(interval(value)[0] < 0 for value in written) else WORD
    return types | dict.fromkeys(uses.writes, result)


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
