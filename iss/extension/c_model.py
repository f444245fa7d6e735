"""C implementations seen from C: the header that they include, and the functions between them and the interpreter.

An implementation is one function for each instruction:

    uint32_t spk_lif(xspk_hart *hart, xspk_state *state, uint32_t rs1, uint32_t rs2);

It gets the values of the registers that the instruction reads by name, then the operands that are numbers by name, then
rd's old value, if it matters; it returns what rd becomes. `state` has what the extension declares. Memory, traps and
jumps go through `hart`; a function that traps does not return.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iss.extension.anatomy import anatomy
from iss.extension.extension import Extension
from iss.extension.implementations import identifier
from iss.isa.definitions import Definition
from iss.isa.errors import located
from iss.isa.state import StateLayout
from iss.isa.tracing import Unit

SIZES = (1, 2, 4)
PLACES = ("machine", "load", "store", "trap_cause", "trap_value", "state", "x", "pc")
FIRST_FUNCTION = len(PLACES)
OUTCOMES = {"none": 0, "trap": 1, "jump": 2, "illegal": 3}


@dataclass(frozen=True)
class Parameter:
    """An argument of an instruction's C function: the value of register field `field`, or the field's own."""

    name: str
    field: str
    is_register: bool
    is_signed: bool = False

    @property
    def c_type(self) -> str:
        """Its C type."""
        return "int32_t" if self.is_signed else "uint32_t"


@dataclass(frozen=True)
class Signature:
    """An instruction's C function."""

    definition: Definition
    parameters: tuple[Parameter, ...]
    returns: bool  # what rd becomes
    jumps: bool

    @property
    def name(self) -> str:
        """Its name, if nothing else is said."""
        return identifier(self.definition.mnemonic)

    def declaration(self, extension: str, name: str) -> str:
        """Return `result name(parameters)` in C."""
        given = [f"{extension}_hart *hart", f"{extension}_state *state"]
        given += [f"{parameter.c_type} {parameter.name}" for parameter in self.parameters]
        return f"{'uint32_t' if self.returns else 'void'} {name}({', '.join(given)})"


def signature_of(definition: Definition) -> Signature:
    """Return the C function of an instruction: what its definition reads and writes; DefinitionError if C can't say it.

    Only rd can be written; it is an argument, too, if the definition reads it or does not always write it.
    """
    found = anatomy(definition)
    other = sorted(found.writes - {"rd"})
    if other:
        raise located(
            f"{definition.mnemonic} writes register {other[0]}; a C function can only write rd", definition.location
        )
    if found.names_registers:
        raise located(
            f"{definition.mnemonic} names a register that is no operand; a C function cannot", definition.location
        )
    for operation in ("read_csr", "write_csr", "unit_call"):
        if operation in found.operations:
            raise located(
                f"{definition.mnemonic} uses {operation}, which a C function has no way to do", definition.location
            )
    registers, numbers = set(found.reads), found.numbers
    writes = "rd" in found.writes
    if writes and not found.always_writes_rd:
        registers.add("rd")
    fields = definition.encoding.fields
    sources = [Parameter(name, name, True) for name in sorted(registers - {"rd"})]
    immediates = [
        Parameter(f"{name}_number" if name in registers else name, name, False, fields[name].signed)
        for name in sorted(numbers)
    ]
    old = [Parameter("rd", "rd", True)] if "rd" in registers else []
    parameters = (*sources, *immediates, *old)
    return Signature(definition, parameters, writes, "jump" in found.operations)


def header(extension: Extension) -> str:
    """Return `NAME_model.h`: what a C implementation includes."""
    name, layout = extension.name, StateLayout(extension.states.values())
    hart = f"{name}_hart"
    accesses = "".join(
        f"static inline uint{8 * size}_t {name}_load{8 * size}({hart} *hart, uint32_t address)\n"
        f"{{\n    return (uint{8 * size}_t)hart->load(hart, address, {size});\n}}\n"
        f"static inline void {name}_store{8 * size}({hart} *hart, uint32_t address, uint{8 * size}_t value)\n"
        f"{{\n    hart->store(hart, address, {size}, value);\n}}\n"
        for size in SIZES
    )
    functions = "".join(
        f"/* {definition.syntax.text}: {definition.documentation.replace('*/', '* /')} */\n"
        f"{signature_of(definition).declaration(name, identifier(definition.mnemonic))};\n"
        for definition in extension.instructions
    )
    kinds = {"w:": ("uint32_t", ""), "v:w": ("void", ", uint32_t value")}
    csrs = "".join(
        f"   {kinds[kind][0]} {function}({hart} *hart, {name}_state *state{kinds[kind][1]});\n"
        for function, kind in csr_functions(extension).items()
    )
    note = (
        f"/* If there, these are the CSRs; else the definitions are, on the state above:\n{csrs} */\n" if csrs else ""
    )
    return f"""\
/* What a C implementation of {name} ({extension.title}) is made of. Generated: change the definitions instead. */
#ifndef NH_{name.upper()}_MODEL_H
#define NH_{name.upper()}_MODEL_H
#include <stdint.h>

/* Numbers are kept as declared: with their sign, within their bits. */
typedef struct {{
{layout.members() or "    uint8_t none;" + chr(10)}}} __attribute__((aligned(8))) {name}_state;

/* The hart. Functions that trap do not return; a misaligned or unmapped access traps as loads and stores do. */
typedef struct {hart} {hart};
struct {hart} {{
    uint32_t (*load)({hart} *hart, uint32_t address, uint32_t size);
    void (*store)({hart} *hart, uint32_t address, uint32_t size, uint32_t value);
    void (*trap)({hart} *hart, uint32_t cause, uint32_t value) __attribute__((noreturn));
    void (*illegal)({hart} *hart) __attribute__((noreturn));
    void (*jump)({hart} *hart, uint32_t target);
    const uint32_t *x, *pc;
}};

{accesses}static inline void {name}_trap({hart} *hart, uint32_t cause, uint32_t value)
{{
    hart->trap(hart, cause, value);
}}
static inline void {name}_illegal({hart} *hart)
{{
    hart->illegal(hart);
}}
static inline void {name}_jump({hart} *hart, uint32_t target)
{{
    hart->jump(hart, target);
}}
static inline uint32_t {name}_pc(const {hart} *hart)
{{
    return *hart->pc;
}}

{functions}
{note}#endif
"""


def csr_functions(extension: Extension) -> dict[str, str]:
    """Return every function that may stand for a CSR's rule, with its signature as units have them."""
    found = {}
    for csr in extension.csrs:
        found[f"read_{csr.name}"] = "w:"
        if csr.write is not None:
            found[f"write_{csr.name}"] = "v:w"
    return found


def unit(signatures: Sequence[Signature], csrs: dict[str, str]) -> Unit:
    """Return the C functions as definitions call them."""
    functions = {
        signature.name: f"{'w' if signature.returns else 'v'}:{'w' * len(signature.parameters)}"
        for signature in signatures
    }
    own = {"nh_outcome": "w:", "nh_cause": "w:", "nh_value": "w:"}
    return Unit("", "nh_custom", "nh_custom_front", "stdint.h", functions | csrs | own, {}, calls_back=True)


def bridge_source(extension: Extension, signatures: Sequence[Signature], csrs: dict[str, str]) -> str:
    """Return the C functions that the interpreter calls: each calls one of the implementation and catches its traps."""
    name = extension.name
    state = f"{name}_state"
    pointers: list[str] = []
    functions: list[str] = []
    for signature in signatures:
        arguments = "".join(f", uint32_t {parameter.name}" for parameter in signature.parameters)
        values = "".join(f", ({parameter.c_type}){parameter.name}" for parameter in signature.parameters)
        _add_function(pointers, functions, signature.declaration(name, f"(*{signature.name})"), signature.name,
                      signature.returns, arguments, values)  # fmt: skip
    for function, kind in csrs.items():
        returns = kind.startswith("w")
        arguments = "" if returns else ", uint32_t value"
        declared = f"{'uint32_t' if returns else 'void'} (*{function})({name}_hart *hart, {state} *state{arguments})"
        _add_function(pointers, functions, declared, function, returns, arguments, "" if returns else ", value")
    members = "".join(f"    {pointer};\n" for pointer in pointers)
    names = [*(signature.name for signature in signatures), *csrs]
    assignments = "".join(
        f"    memcpy(&self.{function}, &places[{place}], sizeof self.{function});\n"
        for place, function in enumerate(names, FIRST_FUNCTION)
    )
    return f"""\
#include <setjmp.h>
#include <string.h>
#include "{name}_model.h"

typedef uint32_t nh_load_function(void *machine, uint32_t address, uint32_t size, uint32_t *value);
typedef uint32_t nh_store_function(void *machine, uint32_t address, uint32_t size, uint32_t value);
struct nh_custom {{
    {name}_hart hart; /* first: the implementation gets a pointer to it */
    void *machine;
    nh_load_function *load;
    nh_store_function *store;
    const uint32_t *trap_cause, *trap_value;
    {state} *state;
    uint32_t outcome, cause, value;
    jmp_buf leave;
{members}}};
static struct nh_custom self;

__attribute__((noreturn)) static void leave(struct nh_custom *s, uint32_t cause, uint32_t value)
{{
    s->outcome = {OUTCOMES["trap"]};
    s->cause = cause;
    s->value = value;
    longjmp(s->leave, 1);
}}

static uint32_t hart_load({name}_hart *hart, uint32_t address, uint32_t size)
{{
    struct nh_custom *s = (struct nh_custom *)(void *)hart;
    uint32_t value = 0;
    if (!s->load(s->machine, address, size, &value)) leave(s, *s->trap_cause, *s->trap_value);
    return value;
}}

static void hart_store({name}_hart *hart, uint32_t address, uint32_t size, uint32_t value)
{{
    struct nh_custom *s = (struct nh_custom *)(void *)hart;
    if (!s->store(s->machine, address, size, value)) leave(s, *s->trap_cause, *s->trap_value);
}}

__attribute__((noreturn)) static void hart_trap({name}_hart *hart, uint32_t cause, uint32_t value)
{{
    leave((struct nh_custom *)(void *)hart, cause, value);
}}

__attribute__((noreturn)) static void hart_illegal({name}_hart *hart)
{{
    struct nh_custom *s = (struct nh_custom *)(void *)hart;
    s->outcome = {OUTCOMES["illegal"]};
    longjmp(s->leave, 1);
}}

static void hart_jump({name}_hart *hart, uint32_t target)
{{
    struct nh_custom *s = (struct nh_custom *)(void *)hart;
    s->outcome = {OUTCOMES["jump"]};
    s->value = target;
}}

uint32_t call_nh_outcome(struct nh_custom *s)
{{
    return s->outcome;
}}

uint32_t call_nh_cause(struct nh_custom *s)
{{
    return s->cause;
}}

uint32_t call_nh_value(struct nh_custom *s)
{{
    return s->value;
}}

/* `places` are {", ".join(PLACES)}, then the functions in order. */
struct nh_custom *nh_connect(void *const *places)
{{
    self.hart.load = hart_load;
    self.hart.store = hart_store;
    self.hart.trap = hart_trap;
    self.hart.illegal = hart_illegal;
    self.hart.jump = hart_jump;
    self.machine = places[0];
    self.load = (nh_load_function *)places[1];
    self.store = (nh_store_function *)places[2];
    self.trap_cause = places[3];
    self.trap_value = places[4];
    self.state = places[5];
    self.hart.x = places[6];
    self.hart.pc = places[7];
{assignments}    return &self;
}}

{"".join(functions)}"""


def _add_function(
    pointers: list[str], functions: list[str], pointer: str, name: str, returns: bool, arguments: str, values: str
) -> None:
    pointers.append(pointer)
    kind, result, nothing = ("uint32_t", "return ", " 0") if returns else ("void", "", "")
    functions.append(
        f"{kind} call_{name}(struct nh_custom *s{arguments})\n{{\n    s->outcome = {OUTCOMES['none']};\n"
        f"    if (setjmp(s->leave)) return{nothing};\n    {result}s->{name}(&s->hart, s->state{values});\n}}\n\n"
    )
