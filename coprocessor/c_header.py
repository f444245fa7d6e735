"""Writes `xnm.h`, the Xnm extension for C firmware: `python -m coprocessor.c_header > xnm.h`.

Encodings and CSRs come from their definitions; what is here: C types of operands, the shape of descriptors.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import IntEnum

from coprocessor.csrs import COUNTERS, TABLE
from coprocessor.golden.descriptors import MAGIC, VERSION, Type
from coprocessor.golden.profiles import Profile
from coprocessor.golden.projection import Delay, Format, Source
from coprocessor.golden.rule import RuleKind
from coprocessor.instructions import xnmeng, xnmlrn, xnmspk
from coprocessor.network.parameters import MODE
from iss.isa.definitions import Definition
from iss.isa.intrinsics import Signature, c_name, csr_functions, declared, intrinsic

TYPES = {"i": "int32_t", "u": "uint32_t", "p": "const void *", "v": "void *"}
SIGNATURES: dict[str, str] = {
    **dict.fromkeys(("xnorpop", "sacc8", "sacc4", "sacct", "saccb", "dot8", "tnsyn"), "iuu"),
    **dict.fromkeys(("integ", "lif", "cubi", "cubv", "thr", "cmp", "athd", "tn", "sdsig", "sdact", "sdthr"), "iii"),
    **dict.fromkeys(("dec", "decs", "srsr", "srnr", "srtz", "sat", "stdw", "eld", "sdsp", "eph", "epw"), "iiu"),
    "izh": "uui",
    "run": "ipu",
    "layer": "ipp",
    "syn": "ipp",
    "upd": "ip",
    "learn": "ipi",
    "rst": "ip",
    "ev2bm": "ip",
    "bm2ev": "ip",
    "start": "ipu",
    "wait": "i",
    "check": "ip",
    "save": "uv",
    "rest": "up",
}
"""Types of rd, rs1, rs2 by letters of TYPES, where they are not all uint32_t."""

_FIELD = "uint32_t"
STRUCTURES: dict[str, tuple[str, tuple[tuple[str, str, str], ...]]] = {
    "nm_pop": (
        "A population (6.2), aligned to 16 bytes.",
        (
            (_FIELD, "head", "NM_HEAD_POP"),
            (_FIELD, "n", "neurons"),
            (_FIELD, "shape", "NM_POP_SHAPE(...)"),
            (_FIELD, "mode", "NM_MODE_..."),
            (_FIELD, "p[4]", "P0 to P3"),
            ("int32_t", "vth", "threshold"),
            ("int32_t", "vrst", "reset value"),
            ("int32_t *", "state", "word k of neuron i is state[k * n + i]"),
            ("const int32_t *", "parameters", "per-neuron parameters"),
            ("int32_t *", "cur", "input ring: slot d of neuron i is cur[d * n + i]"),
            ("void *", "out", "spike words or graded values; 0 for none"),
            (_FIELD, "stride", "bytes from one output buffer to the next"),
            ("int32_t *", "acc", "sums of the outputs; 0 for none"),
        ),
    ),
    "nm_syn": (
        "A projection (6.3), aligned to 16 bytes.",
        (
            (_FIELD, "head", "NM_HEAD_SYN"),
            (_FIELD, "n_pre", "sources"),
            (_FIELD, "n_post", "targets"),
            (_FIELD, "shape", "NM_SYN_SHAPE(...)"),
            (_FIELD, "exponent", "weights count 2^exponent fold"),
            ("const void *", "weights", ""),
            ("const void *", "rows", "CSR row pointers, crossbar types"),
            ("const void *", "columns", "CSR columns, crossbar weights"),
            ("const void *", "delays", "delay table"),
            ("const void *", "source", "what is read; for queues the number"),
            (_FIELD, "stride", "bytes from one source buffer to the next"),
            ("int32_t *", "cur", "cur of the target"),
            ("const struct nm_pop *", "pop", "the target; needed by nm_layer"),
            (_FIELD, "geometry[3]", "of a convolution"),
        ),
    ),
    "nm_rule": (
        "A plasticity rule (6.7), aligned to 16 bytes.",
        (
            (_FIELD, "head", "NM_HEAD_RULE"),
            (_FIELD, "kind", "NM_RULE_..."),
            ("const struct nm_syn *", "syn", ""),
            (_FIELD, "lmode", ""),
            (_FIELD, "wlim", "WMIN in bits 7:0, WMAX in bits 15:8"),
            (_FIELD, "l[4]", ""),
            (_FIELD, "amplitudes", "AP in the low, AM in the high half"),
            (_FIELD, "decays", "KX, KY"),
            (_FIELD, "impulses", "IMPX, IMPY"),
            (_FIELD, "eligibility_decay", "KE, SHR"),
            ("uint16_t *", "pre", "traces of the sources"),
            ("uint16_t *", "post", "traces of the targets"),
            ("int16_t *", "eligibility", ""),
            ("const struct nm_pop *", "pop", ""),
            ("const int32_t *", "signal", "learning signal"),
            (_FIELD, "zero[2]", ""),
        ),
    ),
    "nm_entry": (
        "An operation of a network.",
        ((_FIELD, "operation", "NM_OP_..."), ("const void *", "descriptor", "")),
    ),
    "nm_net": (
        "The head of a network (6.8), aligned to 16 bytes; the entries follow it: NM_NET_OF.",
        (
            (_FIELD, "head", "NM_HEAD_NET"),
            (_FIELD, "count", "entries"),
            (_FIELD, "zero[2]", ""),
        ),
    ),
    "nm_xfer": (
        "An event list and a bitmap (6.8), aligned to 16 bytes.",
        (
            (_FIELD, "head", "NM_HEAD_XFER"),
            (_FIELD, "n", "addresses"),
            (_FIELD + " *", "events", "count, then events"),
            (_FIELD + " *", "bitmap", ""),
            (_FIELD, "capacity", "most events"),
            (_FIELD, "zero[3]", ""),
        ),
    ),
}
NET_OF = """\
/* The type of a network with so many entries. */
#define NM_NET_OF(number) struct { struct nm_net net; struct nm_entry entries[number]; }
"""
SIZES = {"nm_pop": 64, "nm_syn": 64, "nm_rule": 80, "nm_net": 16, "nm_xfer": 32, "nm_entry": 8}
FUNCTIONS_OF_BITS = """\
#define NM_POP_SHAPE(profile, per_neuron, output, graded, refractory, log_depth) \\
    ((uint32_t)(profile) | (uint32_t)(per_neuron) << 4 | (uint32_t)(output) << 10 | (uint32_t)(graded) << 12 | \\
     (uint32_t)(refractory) << 16 | (uint32_t)(log_depth) << 24)
#define NM_SYN_SHAPE(format, source, source_mode, delay_mode, delay, log_depth) \\
    ((uint32_t)(format) | (uint32_t)(source) << 4 | (uint32_t)(source_mode) << 8 | (uint32_t)(delay_mode) << 10 | \\
     (uint32_t)(delay) << 12 | (uint32_t)(log_depth) << 24)
"""
OPENING = """\
/* xnm.h: the Xnm extension (spiking neural networks) for C on RV32, for gcc and clang.
   Written by `python -m coprocessor.c_header`; do not edit. Needs <stdint.h> only. Intrinsics are named after their
   instructions: nm.cubi is nm_cubi. Switch the coprocessor on with nm_enable() first, else they are illegal. */
#ifndef XNM_H
#define XNM_H

#include <stdint.h>

#if !defined(__riscv) || __riscv_xlen != 32
#error "xnm.h is for RV32: compile with -march=rv32im_zicsr -mabi=ilp32 or --target=riscv32"
#endif
"""


def header() -> str:
    """The text of xnm.h."""
    parts = [OPENING, *_constants(), *_structures(), *_csrs()]
    for title, definitions in (
        ("Register-level instructions (Xnmspk)", list(xnmspk)),
        ("Plasticity instructions and nm.learn (Xnmlrn)", list(xnmlrn)),
        ("Engine instructions (Xnmeng): negative results are -code of an error", list(xnmeng)),
    ):
        parts += [f"/* {title} */\n", *(_intrinsic(definition) for definition in definitions)]
    return "\n".join([*parts, "#endif\n"])


def _intrinsic(definition: Definition) -> str:
    """A static inline function of one instruction."""
    name = definition.mnemonic.removeprefix("nm.")
    letters = dict(zip(("rd", "rs1", "rs2"), SIGNATURES.get(name, "uuu"), strict=False))
    engine = definition.encoding.match & 0x7F == 0x2B
    types = {operand: TYPES[letter] for operand, letter in letters.items()}
    text = intrinsic(definition, c_name(definition.mnemonic), Signature(types, engine))
    assert text is not None, f"{definition.mnemonic} is of the R form"
    return text


def _enumeration(prefix: str, comment: str, values: Iterator[tuple[str, int]]) -> str:
    lines = [f"    NM_{prefix}_{name.upper()} = {value:#x}," for name, value in values]
    return "\n".join([f"/* {comment} */", "enum {", *lines, "};\n"])


def _members(enumeration: type[IntEnum]) -> Iterator[tuple[str, int]]:
    return ((member.name, int(member)) for member in enumeration)


def _constants() -> Iterator[str]:
    heads = ((kind.name, MAGIC << 16 | kind << 8 | VERSION) for kind in Type)
    yield _enumeration("HEAD", "First word of a descriptor.", heads)
    for prefix, comment, enumeration in (
        ("PROFILE", "Neuron profiles.", Profile),
        ("FORMAT", "Synapse formats.", Format),
        ("SOURCE", "How a source is encoded.", Source),
        ("DELAY", "Where delays come from.", Delay),
        ("RULE", "Plasticity rules.", RuleKind),
    ):
        yield _enumeration(prefix, comment, _members(enumeration))
    buffers = iter((("PLAIN", 0), ("DOUBLE", 1), ("STREAM", 2), ("PREVIOUS", 3)))
    yield _enumeration("BUFFER", "Where a buffer lies in time; PREVIOUS is for sources.", buffers)
    operations = iter((("SYN", 1), ("UPD", 2), ("LEARN", 3), ("OUT", 1 << 8)))
    yield _enumeration("OP", "Operations of a network; OUT with UPD counts the spikes in the result.", operations)
    modes = (
        (field if len(values) == 2 and True in values else f"{field}_{_word(key)}", code << low)
        for field, (low, _, values) in MODE.items()
        for key, code in values.items()
        if code
    )
    yield _enumeration("MODE", "The mode word is the sum of what is wanted; 0 is the default of every field.", modes)


def _word(key: object) -> str:
    return "greater_equal" if key == ">=" else str(key)


def _structures() -> Iterator[str]:
    yield FUNCTIONS_OF_BITS
    for name, (comment, fields) in STRUCTURES.items():
        lines = [f"/* {comment} */", f"struct {name} {{"]
        for kind, field, meaning in fields:
            lines.append(f"    {declared(kind, field)};" + (f" /* {meaning} */" if meaning else ""))
        lines += ["};", f'_Static_assert(sizeof(struct {name}) == {SIZES[name]}, "{name} as the engine reads it");\n']
        yield "\n".join(lines)
    yield NET_OF


def _csrs() -> Iterator[str]:
    yield "/* CSRs */\n"
    for csr in TABLE:
        name = csr.name.removeprefix("nm_")
        yield csr_functions("nm", name, csr.number, csr.writable, f"{csr.name}: {csr.documentation}")
    for counter in COUNTERS:
        yield (
            f"/* All 64 bits of nm_{counter}. */\n"
            f"static inline uint64_t nm_count_{counter}(void)\n{{\n    uint32_t high, low;\n"
            f"    do {{\n        high = nm_read_{counter}h();\n        low = nm_read_{counter}();\n"
            f"    }} while (high != nm_read_{counter}h());\n    return (uint64_t)high << 32 | low;\n}}\n"
        )
    yield (
        "/* Switch the coprocessor on; with traps != 0 errors of the engine are exceptions. */\n"
        "static inline void nm_enable(int traps)\n{\n    nm_write_ctl(1u | (traps ? 4u : 0u));\n}\n"
    )


if __name__ == "__main__":
    sys.stdout.write(header())
