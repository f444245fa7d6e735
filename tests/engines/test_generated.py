"""Random instruction definitions in an interpreter of their own: what the generator makes of any definition.

The instructions that ship use a part of the vocabulary in a few shapes only; these mix all of it, so that reads behind
writes, conditional writes, traps behind loads and registers as operands in every role are printed and run.
"""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cffi import FFI

import iss.engines.generate
import iss.engines.interpreter
import iss.machine
from iss.engines.c_bodies import is_fast
from iss.engines.generate import cdef, interpreter_source
from iss.isa.catalogue import STANDARD, Architecture, Extension, architecture
from iss.isa.definitions import Definition, InstructionSet
from iss.isa.errors import DefinitionError
from iss.machine import Machine
from tests.effort import LONG, cases
from tests.engines.encode import CSR, SKIP, constant, pack, random_alu, word
from tests.engines.lockstep import BASE, Setup, compare_engines, compare_splits, image_of, random_steps
from tests.isa.random_meanings import Meaning, random_meaning

DEFINITIONS, PAIRS, PROGRAMS = (120, 60, 200) if LONG else (60, 8, 30)
ISA = "rv32im_zicsr_zifencei_test"
DATA, HANDLER = BASE + 0x8000, BASE + 0xC000
SHAPES = {
    "rd, rs1, rs2": "{:07b} rs2 rs1 {:03b} rd 0001011",
    "rd, rs1, imm": "imm[11:0] rs1 {1:03b} rd 0101011",
    "rd, rs1": "{:07b} 00000 rs1 {:03b} rd 1011011",
    "rs1, rs2": "{:07b} rs2 rs1 {:03b} 00000 1111011",
}


def body(kind: str, compute: Meaning, has: set[str]) -> Any:
    """A meaning of one of the kinds around a random computation."""

    def meaning(hart: Any, insn: Any) -> None:
        x = hart.x
        a = x[insn.rs1]
        b = x[insn.rs2] if "rs2" in has else insn.imm if "imm" in has else hart.pc
        result = compute.run([a, b])
        target = insn.rd if "rd" in has else insn.rs1
        near = DATA + (a & 0x1FC)
        match kind:
            case "plain":
                x[target] = result
            case "on one path":
                if result & 1:
                    x[target] = result
            case "different on two paths":
                if a < (b & 0xFFFF_FFFF):
                    x[target] = result
                else:
                    x[target] = a
            case "read behind the write":
                x[target] = result
                x[target] = x[insn.rs1] + b
            case "accumulate":
                x[target] = x[target] + result
            case "two registers":
                x[target] = result
                x[insn.rs1] = a + 4
            case "fixed register":
                x[10] = result
                x[target] = x[11]
            case "x0":
                x[0] = result
                x[target] = x[0] + b
            case "trap":
                if result & 3 == 0:
                    hart.trap(24, result)
                x[target] = result
            case "trap behind the write":
                x[target] = result
                if b & 3 == 0:
                    hart.trap(25, a)
            case "illegal":
                if a & 7 == 1:
                    hart.illegal()
                x[target] = result
            case "load":
                x[target] = hart.load(near, 4) + b
            case "load anywhere":
                x[target] = hart.load(a, 2)
            case "load behind the write":
                x[target] = result
                x[target] = hart.load(near, 1)
            case "store":
                hart.store(near, 4, result)
                x[target] = hart.load(near, 2)
            case "two stores":
                hart.store(near, 2, result)
                hart.store(near + 2, 1, b)
                x[target] = b
            case "store on one path":
                if result & 1:
                    hart.store(near, 4, result)
                x[target] = b
            case "loads on one path":
                x[target] = hart.load(near, 4) + hart.load(near, 1) if result & 2 else hart.load(near, 2)
            case "trap behind a load":
                value = hart.load(near, 4)
                if value & 1:
                    hart.trap(26, value)
                x[target] = value
            case "jump":
                hart.jump(hart.pc + 8)
                x[target] = result
            case "jump on one path":
                if result & 2:
                    hart.jump(hart.pc + 8)
            case "jump misaligned":
                hart.jump(hart.pc + 4 + (a & 6))
                x[target] = b
            case "csr":
                x[target] = hart.read_csr(CSR["mscratch"])
                hart.write_csr(CSR["mscratch"], result)
            case "counter":
                x[target] = hart.read_csr(CSR["minstret"])
            case "elapse":
                hart.elapse(a & 15)
                x[target] = result
            case "synchronise":
                x[target] = result
                hart.synchronise()
            case "state":
                hart.mscratch = result & 0xFFFF_FFFF
                x[target] = hart.mepc + b

    meaning.__doc__ = f"Do something {kind}."
    return meaning


KINDS = [
    *("plain", "on one path", "different on two paths", "read behind the write", "accumulate", "two registers"),
    *("fixed register", "x0", "trap", "trap behind the write", "illegal", "load", "load anywhere"),
    *("store on one path", "loads on one path", "trap behind a load"),
    *("load behind the write", "store", "two stores", "jump", "jump on one path", "jump misaligned", "csr", "counter"),
    *("elapse", "synchronise", "state"),
]


def random_instructions(source: random.Random) -> InstructionSet:
    """Definitions of every kind in every shape that the tracer accepts."""
    made = InstructionSet("test", "Random instructions")
    number = 0
    while len(made) < DEFINITIONS:
        shape = list(SHAPES)[number % len(SHAPES)]
        if shape == "rd, rs1, imm" and number // 4 >= 8:
            number += 1
            continue
        kind = KINDS[number % len(KINDS)]
        second = (-2048, 2047) if "imm" in shape else (0, 0xFFFF_FFFF)
        operands = ((0, 0xFFFF_FFFF), second)
        compute = random_meaning(source, source.randint(1, 4), operands)
        pattern = SHAPES[shape].format(number // 4 // 8, number // 4 % 8)
        has = set(shape.replace(",", "").split())
        try:
            made.instruction(pattern, f"test.{number} {shape}", cycles=source.choice((None, 1, 7)), unused=has)(
                body(kind, compute, has)
            )
        except DefinitionError as error:
            assert "64 bits" in str(error) or "paths" in str(error)
        number += 1
    return made


def random_pairs(source: random.Random, instructions: InstructionSet) -> list[tuple[str, str]]:
    """Pairs of fast instructions, the first of which always falls through."""
    fast = [definition for definition in instructions if is_fast(definition.trace())]
    through = [d for d in fast if d.trace().then is None and "jump" not in {n.operation for n in d.trace().walk()}]
    return list({(source.choice(through).mnemonic, source.choice(fast).mnemonic) for _ in range(PAIRS)})


def compiled(chosen: Architecture, folder: Path) -> ModuleType:
    """The compiled interpreter of an architecture."""
    builder = FFI()
    builder.cdef(cdef(chosen))
    builder.set_source("random_interpreter", interpreter_source(chosen), extra_compile_args=["-std=gnu11", "-O1", "-w"])
    spec = importlib.util.spec_from_file_location("random_interpreter", builder.compile(tmpdir=str(folder)))
    assert spec is not None and spec.loader is not None
    library = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(library)
    return library


def random_word(source: random.Random, definition: Definition) -> int:
    """Operands on few registers, so that they overlap often."""
    operands = {}
    for name, field in definition.encoding.fields.items():
        registers = source.choice((0, 5, 6, 7, 8, 9))
        operands[name] = registers if name.startswith("r") else source.randint(field.minimum, field.maximum)
    return definition.encoding.encode(**operands)


def program(seed: int, mine: InstructionSet, pairs: list[tuple[str, str]]) -> Setup:
    """A loop of random instructions and pairs of them, now and then with fresh operands."""
    source = random.Random(seed)
    words: list[int] = []
    for _ in range(120):
        kind = source.randrange(10)
        if kind < 5:
            words.append(random_word(source, source.choice(mine.definitions)))
        elif kind < 7:
            words += [random_word(source, mine.by_mnemonic[name]) for name in source.choice(pairs)]
        elif kind < 9:
            words.append(random_alu(source, (0, 5, 6, 7, 8, 9)))
        else:
            words += constant(source.choice((5, 6, 7, 8, 9)), source.choice((DATA + 6, source.getrandbits(32), 3)))
    words += [word("addi")] * 2
    words.append(word("jal", imm=-4 * len(words)))

    def prepare(machine: Machine) -> None:
        machine.hart.write_csr(CSR["mtvec"], HANDLER)
        for register in range(5, 12):
            machine.hart.x[register] = random.Random(seed + register).getrandbits(32)

    image = image_of([(BASE, pack(words)), (HANDLER, pack(SKIP)), (DATA, source.randbytes(0x200))])
    timing = source.choice(("ideal", "edge2", "edge5"))
    return Setup(image, ISA, timing, source.random() < 0.5, 1 << 16, observed=source.random() < 0.3, prepare=prepare)


@pytest.mark.parametrize("own_seed", cases(1, 10))
def test_random_definitions(own_seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All in one test, since the interpreter is compiled for it."""
    source = random.Random(own_seed)
    mine = random_instructions(source)
    pairs = random_pairs(source, mine)
    chosen = architecture(ISA, {**STANDARD, "test": Extension("test", mine.title, mine)})
    monkeypatch.setattr(iss.engines.generate, "PAIRS", pairs)
    monkeypatch.setattr(iss.machine, "builtin_architecture", lambda isa: chosen)
    monkeypatch.setattr(iss.engines.interpreter, "_interpreter", compiled(chosen, tmp_path))
    for seed in range(PROGRAMS):
        setup = program(seed, mine, pairs)
        compare_engines(setup, [*random_steps(seed, 10, 3000), 6000], seed)
        compare_splits(setup, 5000, random_steps(seed + 1, 10, 5000), seed)
    reached = set()
    for seed in range(PROGRAMS):
        subject = program(seed, mine, pairs).on("interpreter")
        for _ in range(200):
            reached.add(chosen.instructions.decode(subject.machine.bus.fetch(subject.machine.hart.pc, 4)))
            subject.run(1)
    assert len(reached & set(mine)) > 0.9 * len(mine)
