"""Every instruction and pseudo-instruction gives the words that GNU as gives."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from asm import Program
from asm.csr_names import STANDARD_NAMES
from asm.forms import Forms, Pseudo
from asm.pseudo import entries
from iss.isa.catalogue import architecture
from iss.isa.registers import NUMBER
from tests.asm.corpus import random_register, statements
from tests.asm.gnu import ISA

Same = Callable[..., Program]
INSTRUCTIONS = architecture(ISA).instructions
HEAD = ".globl _start\n_start:\n"
NOT_IN_GNU = {"pause": "GNU as wants -march=..._zihintpause"}


def words(program: Program) -> int:
    return sum(section.size // 4 for section in program.loaded)


def test_every_instruction_at_its_corners(same_as_gnu: Same) -> None:
    lines = [line for definition in INSTRUCTIONS for line in statements(definition)]
    assert {line.split()[0] for line in lines} == set(INSTRUCTIONS.by_mnemonic)
    # Words in front and behind so that backward targets stay inside of the address space.
    program = same_as_gnu(HEAD + "\n".join(lines))
    assert words(program) == len(lines)


def test_every_register_name(same_as_gnu: Same) -> None:
    lines = [f"add {name}, {name}, {other}" for name in NUMBER for other in ("x1", name)]
    lines += [f"lw {name}, 4({name})" for name in NUMBER]
    same_as_gnu(HEAD + "\n".join(lines))


def operand_texts(pattern: str, source: random.Random) -> str:
    """Random operands for a pattern of the pseudo-instruction table."""
    values = {
        "imm": lambda: str(source.choice([0, 1, 5, 31])),
        "csr": lambda: source.choice(["mstatus", "mie", "0x341"]),
        "target": lambda: source.choice(["1f", "before", "after", ". + 8"]),
        "symbol": lambda: source.choice(["data", "data + 4", "before", "after", "elsewhere"]),
    }
    mnemonic, _, rest = pattern.partition(" ")
    operands = []
    for name in (part.strip() for part in rest.split(",")):
        if name == "offset(rs)":
            operands.append(f"{source.choice([0, -2048, 2047])}({random_register(source)})")
        elif name in values:
            operands.append(values[name]())
        elif name:
            operands.append(random_register(source))
    return f"{mnemonic} {', '.join(operands)}".strip()


PATTERNS = [pattern for pattern, _ in entries() if pattern.split()[0] not in NOT_IN_GNU]


def test_every_pseudo_instruction(same_as_gnu: Same) -> None:
    source = random.Random(1)
    lines = [operand_texts(pattern, source) for pattern in PATTERNS for _ in range(6)]
    text = HEAD + "before: nop\n" + "\n".join(lines) + "\n1: nop\nafter: nop\n"
    other = ".globl elsewhere\nelsewhere: nop\n"
    same_as_gnu(text + ".data\n.word 1\ndata: .word 1, 2\n", other)


def test_pause_is_a_fence_hint() -> None:
    from asm import Source, assemble

    program = assemble([Source("pause.s", "pause")])
    assert program.binary() == (0x0100000F).to_bytes(4, "little")


@pytest.mark.parametrize("prefix", ["", "-", "~"])
def test_load_constant(same_as_gnu: Same, prefix: str) -> None:
    source = random.Random(2)
    values = {offset + (1 << bit) for bit in range(32) for offset in (-2049, -2048, -1, 0, 1, 2047, 2048)}
    values |= {source.getrandbits(source.randrange(1, 33)) for _ in range(300)}
    values |= {0xFFFFFFFF, 0x80000000, 0x7FFFFFFF, 0x7FFFF800, 0x7FFFF7FF, 0xFFFFF800, 0xFFFFF7FF}
    usable = [value for value in sorted(values) if 0 <= value < (1 << 32 if not prefix else 1 << 31)]
    same_as_gnu(HEAD + "\n".join(f"li a0, {prefix}{value}" for value in usable))


def test_loads_and_stores_of_symbols(same_as_gnu: Same) -> None:
    lines = []
    for offset in (0, 1, 2047, 2048, -2048, -2049, 4096, 0x7FF, 0x801, 0x12345):
        lines += [f"{load} a0, data + {offset}" for load in ("lb", "lh", "lw", "lbu", "lhu")]
        lines += [f"{store} a0, data + {offset}, t0" for store in ("sb", "sh", "sw")]
        lines += [f"la a1, data + {offset}", f"lla a1, data - {offset}", f"lui a2, %hi(data + {offset})"]
        lines += [f"addi a2, a2, %lo(data + {offset})", f"sw a2, %lo(data + {offset})(a3)"]
    same_as_gnu(HEAD + "\n".join(lines) + "\n.data\n.space 123\ndata: .word 1\n")


def test_every_csr_name(same_as_gnu: Same) -> None:
    names = {csr.name for csr in architecture(f"{ISA}_zicntr").csrs} | STANDARD_NAMES.keys()
    same_as_gnu(HEAD + "\n".join(f"csrr a0, {name}" for name in sorted(names)))


def test_csr_names_agree_with_the_definitions() -> None:
    for csr in architecture(f"{ISA}_zicntr").csrs:
        assert STANDARD_NAMES.get(csr.name, csr.number) == csr.number


def test_mnemonics_in_any_case(same_as_gnu: Same) -> None:
    same_as_gnu(HEAD + "ADD a0, a1, a2\nLi a0, 0x12345678\nNOP\nRET\n.WORD 5\n.Align 4\n")


def test_every_form_is_reached_by_its_own_pattern() -> None:
    forms = Forms(INSTRUCTIONS)
    for pattern, _ in entries():
        found = forms.of(pattern.split()[0])
        assert found is not None
        assert any(isinstance(form, Pseudo) and form.pattern == pattern for form in found.values()), pattern
