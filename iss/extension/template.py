"""What `neurohart ext new` writes: an extension of three kinds of instructions, its C implementation and its test."""

from __future__ import annotations

from iss.errors import NeuroHartError
from iss.extension.extension import EXTENSION_NAME

DEFINITION = '''\
"""@TITLE@: an example to change. Check it with `neurohart ext check @NAME@.py`."""

from iss.extension import Extension, signed, unsigned

s16 = signed(16)

@NAME@ = Extension("@NAME@", title="Example of three kinds of instructions", version="0.1")

# State that lasts from one instruction to the next, and the CSR through which software sets the threshold.
@NAME@.state("level", signed(32), documentation="what has been collected since the last spike")
@NAME@.state("threshold", unsigned(16), reset=1000, documentation="level that gives a spike")
@NAME@.csr(0x7F0, "@PREFIX@_threshold", "Level that gives a spike", state="threshold")

# A second implementation, to test the definitions against: `neurohart ext test @NAME@.py --against c`.
@NAME@.implementation("c", c="@NAME@.c")


# Registers only.
@@NAME@.instruction(
    "0000000 rs2 rs1 010 rd 1111011",
    "@PREFIX@.adds rd, rs1, rs2",
    cycles=1,
    energy_pj=0.4,
    operands={"rs1": s16, "rs2": s16},
)
def adds(hart, insn):
    """Saturating addition of two signed 16-bit numbers."""
    hart.x[insn.rd] = s16.clip(s16(hart.x[insn.rs1]) + s16(hart.x[insn.rs2]))


# State: what it gives depends on what came before.
@@NAME@.instruction(
    "0000001 00000 rs1 010 rd 1111011",
    "@PREFIX@.collect rd, rs1",
    cycles=2,
    energy_pj=0.9,
    operands={"rs1": s16},
)
def collect(hart, insn):
    """Add rs1 to the level, which leaks an eighth; at the threshold rd becomes 1 and the level 0."""
    level = hart.state.level
    level = level - (level >> 3) + s16(hart.x[insn.rs1])
    if level >= hart.state.threshold:
        hart.state.level = 0
        hart.x[insn.rd] = 1
    else:
        hart.state.level = level
        hart.x[insn.rd] = 0


# Memory.
@@NAME@.instruction("0000010 00000 rs1 010 rd 1111011", "@PREFIX@.sum4 rd, rs1", cycles=3, energy_pj=2.1)
def sum4(hart, insn):
    """Sum of the four signed bytes of the word at rs1."""
    word = hart.load(hart.x[insn.rs1], 4)
    total = 0
    for lane in range(4):
        total = total + signed(8)(word >> 8 * lane)
    hart.x[insn.rd] = total


# What tests should have met at least once: `neurohart ext cover @NAME@.py`.
@NAME@.cover("spike", "@PREFIX@.collect", lambda case: case.result == 1)
@NAME@.cover("saturated", "@PREFIX@.adds", lambda case: case.result == 0x7FFF)
'''

C_MODEL = """\
/* @NAME@ once more, written by hand: `neurohart ext test @NAME@.py --against c` compares it with @NAME@.py.
 *
 * @NAME@_model.h is generated from @NAME@.py (`neurohart ext export @NAME@.py`); it declares these functions, the state
 * and what a function may ask of the hart. */
#include "@NAME@_model.h"

static int32_t clip16(int32_t value)
{
    return value < -0x8000 ? -0x8000 : value > 0x7FFF ? 0x7FFF : value;
}

uint32_t @PREFIX@_adds(@NAME@_hart *hart, @NAME@_state *state, uint32_t rs1, uint32_t rs2)
{
    (void)hart;
    (void)state;
    return (uint32_t)clip16((int16_t)rs1 + (int16_t)rs2);
}

uint32_t @PREFIX@_collect(@NAME@_hart *hart, @NAME@_state *state, uint32_t rs1)
{
    (void)hart;
    const int64_t level = (int64_t)state->level - (state->level >> 3) + (int16_t)rs1;
    const uint32_t spike = level >= state->threshold;
    state->level = spike ? 0 : (int32_t)level;
    return spike;
}

uint32_t @PREFIX@_sum4(@NAME@_hart *hart, @NAME@_state *state, uint32_t rs1)
{
    (void)state;
    const uint32_t word = @NAME@_load32(hart, rs1);
    return (uint32_t)((int8_t)word + (int8_t)(word >> 8) + (int8_t)(word >> 16) + (int8_t)(word >> 24));
}
"""

TEST = '''\
"""Tests of @NAME@: pytest test_@NAME@.py. How good they are says `neurohart ext mutate @NAME@.py`."""

from pathlib import Path

import pytest

from iss.extension import load_extensions
from iss.extension.testing import MEMORY, Bench

(EXTENSION,) = load_extensions(Path(__file__).with_name("@NAME@.py"))
BENCH = Bench(EXTENSION)


@pytest.mark.parametrize(
    ("left", "right", "total"),
    [(1, 2, 3), (0x7FFF, 1, 0x7FFF), (0x7FFE, 1, 0x7FFF), (-0x8000, -1, -0x8000), (-0x7FFF, -1, -0x8000), (-5, 3, -2)]
    + [(0x4001, -0x2001, 0x2000), (-0x2001, 0x4001, 0x2000), (0x3000, 0x4000, 0x7000)],
)
def test_adds(left, right, total):
    assert BENCH.run("@PREFIX@.adds a0, a1, a2", a1=left, a2=right).a0 == total & 0xFFFF_FFFF


def test_adds_looks_at_16_bits():
    assert BENCH.run("@PREFIX@.adds a0, a1, a2", a1=0x0003_0001, a2=0xFFFF_0001).a0 == 2


@pytest.mark.parametrize(
    ("level", "given", "spike", "then"),
    [
        (0, 999, 0, 999),
        (0, 1000, 1, 0),
        (0, 1001, 1, 0),
        (800, 299, 0, 999),
        (800, 300, 1, 0),
        (-80, 0, 0, -70),
        (-1, 0, 0, 0),
        (7, -0x8000, 0, 7 - 0x8000),
    ],
)
def test_collect(level, given, spike, then):
    result = BENCH.run("@PREFIX@.collect a0, a1", a0=99, a1=given, state={"level": level})
    assert (result.a0, result.state.level) == (spike, then)


def test_collect_looks_at_16_bits():
    assert BENCH.run("@PREFIX@.collect a0, a1", a1=0x0001_0002).state.level == 2


def test_threshold_is_a_csr():
    program = "csrw @PREFIX@_threshold, a2\\n@PREFIX@.collect a0, a1\\ncsrr a3, @PREFIX@_threshold"
    result = BENCH.run(program, a1=50, a2=50)
    assert (result.a0, result.a3) == (1, 50)
    assert BENCH.run("csrr a0, @PREFIX@_threshold").a0 == 1000


@pytest.mark.parametrize("lane", range(4))
@pytest.mark.parametrize("value", [1, 0x40, 0x7F, -0x80, -1])
def test_sum4(lane, value):
    lanes = [10, -20, 30, -40]
    total = sum(lanes) - lanes[lane] + value
    lanes[lane] = value
    word = bytes(number & 0xFF for number in lanes)
    assert BENCH.run("@PREFIX@.sum4 a0, a1", a1=MEMORY + 4, memory=bytes(4) + word).a0 == total & 0xFFFF_FFFF


def test_sum4_traps_where_nothing_is():
    assert BENCH.run("@PREFIX@.sum4 a0, a1", a1=0).trap == (5, 0)
    assert BENCH.run("@PREFIX@.sum4 a0, a1", a1=MEMORY + 2).trap == (4, MEMORY + 2)
'''


def files(name: str) -> dict[str, str]:
    """Return the files of a new extension by name; NeuroHartError if it cannot be called so."""
    if not EXTENSION_NAME.match(name):
        raise NeuroHartError(
            f"{name!r} is no name of a custom extension; expected x, then lower-case letters and digits, as in xspk"
        )
    values = {"@NAME@": name, "@PREFIX@": name[1:], "@TITLE@": name.capitalize()}

    def filled(text: str) -> str:
        for mark, value in values.items():
            text = text.replace(mark, value)
        return text

    return {f"{name}.py": filled(DEFINITION), f"{name}.c": filled(C_MODEL), f"test_{name}.py": filled(TEST)}
