"""Generates the C interpreter: definitions and CSRs go into the template's marked places.

Also lists what the cffi module declares. Run as `python -m iss.engines.generate FILE` to look at the C text.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable, Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any

from iss.engines.c_bodies import (
    accesses,
    forwards_rd,
    function_body,
    has_direct_jump,
    instruction_body,
    is_fast,
    sources,
)
from iss.engines.engine import Reason
from iss.engines.pairs import PAIRS
from iss.isa.catalogue import Architecture
from iss.isa.causes import Cause
from iss.isa.csrs import COUNT_CYCLES, COUNT_RETIRED, Csr
from iss.isa.definitions import Definition
from iss.isa.encoding import Encoding, Field
from iss.isa.privileged import enter_trap, handler_address, pending_interrupt
from iss.isa.state import HART_FIELDS, StateField
from iss.isa.tracing import Block, Unit, trace_rule
from iss.trace.events import Kind

TEMPLATE = Path(__file__).with_name("interpreter_template.c")
TRACE_FORMATS = [Path(__file__).parents[1] / "trace" / f"{name}_format.c" for name in ("spike", "block")]
CALLS = TEMPLATE.with_name("interpreter_calls.c")
FIRST_OPERATION = 3  # after undecoded, illegal and outside
_BYTE_SLOTS = ("rd", "rs1", "rs2")

_STATE = """
typedef struct { const void *handler; uint64_t step; int32_t imm; uint8_t rd, rs1, rs2, op; } nh_decoded;
typedef struct { uint32_t tag, a, b, c; } nh_record;
typedef struct { uint64_t count, cycles, accesses; } nh_tally;
@REASONS@
@RECORD_KINDS@
enum { NH_RING_MARGIN = 4096, NH_HOST_FAILED = 2 };
@UNIT_TABLE@
@EXTENSION_STATE@
typedef struct {
    uint32_t x[33];
    uint32_t pc;
@FIELDS@
    uint64_t retired_limit, cycle_limit, granted, elapsed;
    uint64_t taken_cost, maximum_cost;
    uint32_t trap_cause, trap_value, trapped, attention, has_elapsed, waiting, misaligned;
    uint8_t *ram;
    uint32_t ram_base, ram_size;
    uint32_t window_low, window_size;
    uint32_t code_low, code_high;
    uint32_t htif_low, htif_high;
    nh_decoded *code;
    const void *handler_undecoded, *handler_slow, *handler_edge;
    void *host;
    nh_extension_state *extension;
    nh_record *ring;
    uint32_t ring_used, ring_committed, ring_size;
    nh_tally *by_word, by_operation[256];
    uint64_t tallied_cycles, tallied_accesses;
    uint8_t enabled[256];
    uint8_t costs[256];
    uint8_t csr_enabled[4096];
    @UNIT_MEMBER@
} nh_state;
"""
_FUNCTIONS = """
nh_state *nh_new(uint8_t *ram, uint32_t base, uint32_t size, void *host);
void nh_free(nh_state *s);
uint32_t nh_run(nh_state *s);
void nh_invalidate(nh_state *s, uint32_t low, uint32_t high);
void nh_limit_stores(nh_state *s, uint32_t low, uint32_t high);
const char *nh_mnemonic(uint32_t operation);
uint32_t nh_profile(nh_state *s, uint32_t on);
uint32_t nh_next_profiled(const nh_state *s, uint32_t offset);
size_t nh_format_spike(const nh_record *records, size_t count, const char *const *csr_names, char *out);
enum { NH_SPIKE_LINE = 96 };
enum { NH_BLOCK_INSTRUCTIONS = 65535, NH_BLOCK_ACCESSES = 131072, NH_BLOCK_EVENTS = 65536, NH_BLOCK_PLACES = 131072 };
enum { NH_BLOCK_FULL = 65535 };
typedef struct {
    uint32_t instructions, sites, accesses, events;
    uint32_t site_pc[NH_BLOCK_INSTRUCTIONS], site_word[NH_BLOCK_INSTRUCTIONS];
    uint32_t value[NH_BLOCK_INSTRUCTIONS], address[NH_BLOCK_ACCESSES], data[NH_BLOCK_ACCESSES];
    nh_record event[NH_BLOCK_EVENTS];
    uint16_t site[NH_BLOCK_INSTRUCTIONS], access_index[NH_BLOCK_ACCESSES], event_index[NH_BLOCK_EVENTS];
    uint16_t places[NH_BLOCK_PLACES];
    uint8_t site_destination[NH_BLOCK_INSTRUCTIONS], access_kind[NH_BLOCK_ACCESSES];
} nh_block;
size_t nh_pack(nh_block *block, const nh_record *records, size_t count);
"""
_CALLS = """
uint32_t nh_load(nh_state *s, uint32_t address, uint32_t size, uint32_t *value);
uint32_t nh_store(nh_state *s, uint32_t address, uint32_t size, uint32_t value);
"""
_CALLBACKS = (
    "uint32_t nh_bus_load(void *host, uint32_t address, uint32_t size, uint32_t *value);",
    "uint32_t nh_bus_store(void *host, uint32_t address, uint32_t size, uint32_t value);",
    "void nh_htif_stored(void *host, uint32_t address);",
)


def operations(architecture: Architecture) -> list[Definition]:
    """Return the definitions in the order of their operation numbers (opcode, then as defined)."""
    ordered = sorted(architecture.instructions, key=lambda definition: definition.encoding.match & 127)
    if len(ordered) + FIRST_OPERATION > 256:
        raise ValueError("more than 253 instructions: widen `op` in nh_decoded")
    return ordered


def _identifier(mnemonic: str) -> str:
    return re.sub(r"\W", "_", mnemonic)


def _unit_of(architecture: Architecture) -> Unit | None:
    units = {definition.unit for definition in architecture.instructions if definition.unit is not None}
    return units.pop() if units else None


def _unit_include(unit: Unit | None) -> str:
    """Return the include of the coprocessor's header, and a mark if its front has what the machine looks at."""
    if unit is None:
        return ""
    return f'#include "{unit.header}"' + ("" if unit.calls_back else "\n#define NH_FRONT 1")


def declarations(architecture: Architecture) -> str:
    """Return types and functions as C declarations, understood by cffi and by the compiler alike."""
    unit = _unit_of(architecture)
    fields = "\n".join(f"    uint{32 if bits <= 32 else 64}_t {name};" for name, bits in HART_FIELDS.items())
    table = member = ""
    if unit is not None:
        kind = f"struct {unit.type_name} *"
        pointers = "".join(f"    {_pointer(kind, name, text)};\n" for name, text in unit.functions.items())
        table = (
            f"struct {unit.type_name};\nstruct {unit.front_name};\n"
            f"typedef struct {{\n    {kind}self;\n    struct {unit.front_name} *front;\n{pointers}}} nh_unit;"
        )
        member = "nh_unit unit;"
    members = architecture.states.members() or "    uint8_t none;\n"
    parts = {
        "EXTENSION_STATE": f"typedef struct {{\n{members}}} nh_extension_state;",
        "REASONS": _enumeration("NH", Reason),
        "RECORD_KINDS": _enumeration("NH", Kind),
        "UNIT_TABLE": table,
        "UNIT_MEMBER": member,
        "FIELDS": fields,
    }
    functions = _FUNCTIONS + (_CALLS if unit is not None and unit.calls_back else "")
    return _filled(_STATE, parts) + functions + f"enum {{ NH_FIRST_OPERATION = {FIRST_OPERATION} }};\n"


def _enumeration(prefix: str, members: type[IntEnum]) -> str:
    """Return a C enumeration with the names and values of a Python one."""
    return f"enum {{ {', '.join(f'{prefix}_{member.name} = {member.value}' for member in members)} }};"


def _filled(text: str, parts: dict[str, str]) -> str:
    """Return a text with its marked places `@NAME@` filled."""
    for name, part in parts.items():
        text = text.replace(f"@{name}@", part)
    return text


_C_TYPES = {"v": "void", "w": "uint32_t", "d": "uint64_t"}


def _pointer(self_type: str, name: str, signature: str) -> str:
    """Return the declaration of a pointer to a unit's function."""
    result, _, operands = signature.partition(":")
    return f"{_C_TYPES[result]} (*{name})({', '.join([self_type, *(_C_TYPES[kind] for kind in operands)])})"


def cdef(architecture: Architecture) -> str:
    """Return the text for cffi's cdef."""
    return declarations(architecture) + "".join(f'extern "Python" {callback}\n' for callback in _CALLBACKS)


# Operand slots ---------------------------------------------------------------------------------------------------
def _assign_slots(encoding: Encoding) -> dict[str, tuple[str, Field]]:
    """Give each operand a member of nh_decoded: register fields their own, the widest other `imm`, the rest bytes."""
    slots = {name: (name, field) for name, field in encoding.fields.items() if name in _BYTE_SLOTS}
    free = [slot for slot in reversed(_BYTE_SLOTS) if slot not in slots]
    others = sorted((f for n, f in encoding.fields.items() if n not in slots), key=lambda f: (-f.width, f.name))
    for position, field in enumerate(others):
        if position == 0:
            slots[field.name] = ("imm", field)
        elif field.width <= 8 and not field.signed and free:
            slots[field.name] = (free.pop(0), field)
        elif field.name in ("fm", "pred", "succ"):
            continue
        else:
            raise ValueError(f"no room for operand {field.name} of {encoding.pattern!r} in a decoded record")
    return slots


def _slot_texts(encoding: Encoding) -> dict[str, str]:
    """Return the C text that reads each operand from `d`."""
    texts = {}
    for name, (slot, field) in _assign_slots(encoding).items():
        cast = "" if field.signed else "(uint32_t)"
        texts[name] = "READ_RD" if slot == "rd" == name else f"{cast}d->{slot}"
    return texts


def extraction(field: Field) -> str:
    """Return the C expression of an operand's value in word `w`."""
    parts = []
    for piece in field.pieces:
        part = f"(w >> {piece.word_low} & {(1 << piece.width) - 1:#x}u)"
        parts.append(part if piece.value_low == 0 else f"{part} << {piece.value_low}")
    text = " | ".join(f"({part})" for part in parts)
    return f"(int32_t)nh_signed({text}, {field.width})" if field.signed else f"({text})"


def _format_case(encoding: Encoding) -> str:
    lines = []
    for name, (slot, field) in _assign_slots(encoding).items():
        text = extraction(field)
        if slot == "imm":
            lines.append(f"d->imm = {text if field.signed else f'(int32_t){text}'};")
        elif name == "rd":
            lines.append(f"d->rd = (uint8_t){text}; if (!d->rd) d->rd = 32;")
        else:
            lines.append(f"d->{slot} = (uint8_t){text};")
    return " ".join(sorted(lines))


# Functions -------------------------------------------------------------------------------------------------------
def traced_function(
    function: Callable[..., Any],
    parameters: tuple[str, ...],
    signature: str,
    unit: Unit | None = None,
    states: Mapping[str, StateField] | None = None,
) -> str:
    """Return a C function made from a function on the abstract hart with u32 parameters."""
    tree = trace_rule(function, parameters, signature, unit, states)
    unused = "".join(f"    (void){name};\n" for name in ("s", *parameters))
    return f"static uint32_t {signature}\n{{\n{unused}{function_body(tree, {name: name for name in parameters})}\n}}\n"


def _csr_functions(csr: Csr) -> str:
    text = traced_function(csr.read, (), f"read_{csr.name}(nh_state *s)", csr.unit, csr.states)
    if csr.write is not None:
        signature = f"write_{csr.name}(nh_state *s, uint32_t value)"
        text += traced_function(csr.write, ("value",), signature, csr.unit, csr.states)
    return text


def _starts(ordered: list[Definition]) -> str:
    opcodes = [definition.encoding.match & 127 for definition in ordered]
    return ", ".join(str(sum(opcode < limit for opcode in opcodes)) for limit in range(129))


def handler_body(definition: Definition, tree: Block | None = None) -> str:
    """Return the C statements of an instruction's careful handler, whose macros `interpreter_template.c` defines."""
    return instruction_body(definition, tree or definition.trace(), _slot_texts(definition.encoding))


def _careful_handlers(ordered: list[Definition], trees: list[Block]) -> str:
    texts = []
    for definition, tree in zip(ordered, trees, strict=True):
        body = handler_body(definition, tree)
        texts.append(f"c_{_identifier(definition.mnemonic)}: {{ /* {definition.syntax.text} */\n{body}\n}}\n")
    return "\n".join(texts)


class FastHandlers:
    """The fast handlers and their label table.

    Each operation has four labels: bit 0 of a label's place says that rs1, bit 1 that rs2 is the destination of the
    instruction before, whose value is still in `last`; taking it from there saves the way through memory. Behind the
    operations come the pairs (`iss.engines.pairs`) with 16 labels each: the first's place, then the second's times 4.
    """

    def __init__(self, ordered: list[Definition], trees: list[Block]) -> None:
        self.texts: list[str] = []
        self.rows: list[str] = []
        self.pairs: list[str] = []
        self.pair_rows: list[str] = []
        self.pair_texts: list[str] = []
        self._definitions = {definition.mnemonic: definition for definition in ordered}
        self._trees = {definition.mnemonic: tree for definition, tree in zip(ordered, trees, strict=True)}
        numbers = {definition.mnemonic: number for number, definition in enumerate(ordered, FIRST_OPERATION)}
        for definition, tree in zip(ordered, trees, strict=True):
            fast = is_fast(tree)
            labels = [self._single(definition.mnemonic, place) if fast else "f_slow" for place in range(4)]
            self.rows.append("    " + "".join(f"&&{label}, " for label in labels))
        for first, second in PAIRS:
            if first not in numbers or second not in numbers:
                continue
            labels = [self._pair(first, second, places & 3, places >> 2) for places in range(16)]
            self.pairs.append(f"    [{numbers[first]}][{numbers[second]}] = {len(self.pairs) + 1},")
            self.pair_rows.append("    " + "".join(f"&&{label}, " for label in labels))

    def _body(self, mnemonic: str, place: int, following: str = "NEXT();") -> tuple[str, str]:
        """Return the name of a variant and its C statements."""
        definition, tree = self._definitions[mnemonic], self._trees[mnemonic]
        read = sources(tree)
        from_last = [name for bit, name in enumerate(("rs1", "rs2")) if place >> bit & 1 and name in read]
        name = "_".join([_identifier(mnemonic), *from_last])
        slots = _slot_texts(definition.encoding)
        return name, instruction_body(definition, tree, slots, frozenset(from_last), following)

    @staticmethod
    def _add(texts: list[str], label: str, text: str) -> str:
        text = f"{label}: {text}\n"
        if text not in texts:
            texts.append(text)
        return label

    def _single(self, mnemonic: str, place: int) -> str:
        name, body = self._body(mnemonic, place)
        return self._add(self.texts, f"f_{name}", f"{{\n{body}\n}}")

    def _pair(self, first: str, second: str, first_place: int, second_place: int) -> str:
        tree = self._trees[first]
        if tree.then is not None or any(node.operation == "jump" for node in tree.nodes):
            raise ValueError(f"pair {first}, {second}: only an instruction that always falls through can come first")
        first_name, first_body = self._body(first, first_place, "GO_ON();")
        second_name, second_body = self._body(second, second_place)
        return self._add(
            self.pair_texts, f"p_{first_name}__{second_name}", f"{{\n{first_body}\n}} {{\n{second_body}\n}}"
        )


def interpreter_source(architecture: Architecture) -> str:
    """Return the complete C text of the interpreter for an architecture."""
    ordered = operations(architecture)
    trees = [definition.trace() for definition in ordered]
    unit = _unit_of(architecture)
    formats: dict[str, int] = {}
    rows = []
    for number, definition in enumerate(ordered, FIRST_OPERATION):
        encoding = definition.encoding
        form = formats.setdefault(_format_case(encoding), len(formats))
        rows.append(
            f"    {{{encoding.match:#010x}u, {encoding.mask:#010x}u, {number}, {form}}}, /* {definition.mnemonic} */"
        )
    names = [_identifier(definition.mnemonic) for definition in ordered]
    fast = FastHandlers(ordered, trees)
    direct = ["1" if has_direct_jump(tree) else "0" for tree in trees]
    writes_rd = ["1" if "rd" in definition.syntax.fields else "0" for definition in ordered]
    forwards = ["1" if forwards_rd(tree) else "0" for tree in trees]
    counts = [accesses(tree) for tree in trees]
    csrs = list(architecture.csrs)
    writable = [csr for csr in csrs if csr.write is not None]
    parts = {
        "UNIT_INCLUDE": _unit_include(unit),
        "DECLARATIONS": declarations(architecture) + "".join(f"static {callback}\n" for callback in _CALLBACKS),
        "CONSTANTS": "\n".join(
            [
                _enumeration("CAUSE", Cause),
                f"enum {{ COUNT_CYCLES = {COUNT_CYCLES}, COUNT_RETIRED = {COUNT_RETIRED} }};",
            ]
        ),
        "FUNCTIONS": "\n".join(
            [
                *(_csr_functions(csr) for csr in csrs),
                traced_function(
                    enter_trap, ("cause", "value"), "enter_trap(nh_state *s, uint32_t cause, uint32_t value)"
                ),
                traced_function(handler_address, ("cause",), "handler_address(nh_state *s, uint32_t cause)"),
                traced_function(pending_interrupt, (), "pending_interrupt(nh_state *s)"),
            ]
        ),
        "CSR_READS": "\n".join(f"    case {csr.number:#x}: *value = read_{csr.name}(s); break;" for csr in csrs),
        "CSR_WRITES": "\n".join(f"    case {csr.number:#x}: write_{csr.name}(s, value); break;" for csr in writable),
        "DEFINITION_TABLE": "\n".join(rows),
        "OPCODE_STARTS": _starts(ordered),
        "DIRECT_JUMPS": f"static const uint8_t DIRECT_JUMP[] = {{0, 0, 0, {', '.join(direct)}}};\n"
        f"static const uint8_t WRITES_RD[] = {{0, 0, 0, {', '.join(writes_rd)}}};\n"
        f"static const uint8_t FORWARDS_RD[] = {{0, 0, 0, {', '.join(forwards)}}};\n"
        "/* Loads and stores of an instruction that retires: those of every path, which its step counts. */\n"
        f"static const uint8_t ACCESSES_AT_LEAST[] = {{0, 0, 0, {', '.join(str(least) for least, _ in counts)}}};\n"
        f"enum {{ ACCESSES_AT_MOST = {max(1, *(most for _, most in counts))} }};",
        "FORMATS": "\n".join(f"    case {number}: {text} break;" for text, number in formats.items()),
        "FAST_LABELS": "\n".join(fast.rows),
        "PAIR_LABELS": "\n".join(fast.pair_rows),
        "PAIR_HANDLERS": "\n".join(fast.pair_texts),
        "PAIRS": "\n".join(fast.pairs),
        "OPERATIONS": str(FIRST_OPERATION + len(ordered)),
        "CAREFUL_LABELS": ", ".join(f"&&c_{name}" for name in names),
        "FAST_HANDLERS": "\n".join(fast.texts),
        "CAREFUL_HANDLERS": _careful_handlers(ordered, trees),
        "MNEMONICS": "\n".join(f'    "{definition.mnemonic}",' for definition in ordered),
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    files = {
        name.upper(): TEMPLATE.with_name(f"interpreter_{name}.c").read_text(encoding="utf-8")
        for name in ("decoder", "memory", "profile")
    }
    behind = [*TRACE_FORMATS, *([CALLS] if unit is not None and unit.calls_back else [])]
    return _filled(_filled(text, files), parts) + "".join(file.read_text(encoding="utf-8") for file in behind)


def fingerprint(text: str) -> str:
    """Return a short hash that tells whether a compiled interpreter is of this text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


if __name__ == "__main__":
    from iss.builtin import full_architecture

    Path(sys.argv[1]).write_text(interpreter_source(full_architecture()), encoding="utf-8")
