"""An extension that has one of everything that can be exported, and random programs that use it."""

from __future__ import annotations

import random
from pathlib import Path

from asm import assemble
from asm.elf import write_elf
from asm.source import Source
from iss.extension import Extension, architecture_with, load_extensions

ALL_KINDS = '''
"""One of everything."""
from iss.extension import Extension, signed, unsigned

s16, u8, s8 = signed(16), unsigned(8), signed(8)
xall = Extension("xall", title="One of everything", version="1.2")
xall.state("v", s16, count=256, documentation="membrane potentials")
xall.state("bias", signed(13), count=4, reset=-7, documentation="added to the potential")
xall.state("vth", unsigned(15), reset=1024, documentation="threshold")
xall.state("wide", signed(48), reset=-1, documentation="a wide sum")
xall.state("counter", unsigned(64), reset=0xFFFF_FFFF_FFFF_FF00, documentation="wraps")
xall.csr(0x7D0, "all_vth", "Threshold", state="vth")
xall.csr(0x7D1, "all_wide", "Low word of the wide sum", read=lambda hart: hart.state.wide & 0xFFFF_FFFF)
xall.csr(0xFC0, "all_high", "High word of the wide sum", read=lambda hart: hart.state.wide >> 32 & 0xFFFF_FFFF)


@xall.instruction("0000000 rs2 rs1 000 rd 0101011", "all.lif rd, rs1, rs2", cycles=3, energy_pj=1.2,
                  operands={"rs1": u8, "rs2": s16})
def lif(hart, insn):
    """Integrate rs2 into neuron rs1; rd is 1 if it fires."""
    i = u8(hart.x[insn.rs1])
    current = signed(32)(hart.x[insn.rs2])
    v = s16.clip(hart.state.v[i] - (hart.state.v[i] >> 4) + s16(current) + hart.state.bias[i & 3])
    if v >= hart.state.vth:
        hart.state.v[i] = 0
        hart.x[insn.rd] = 1
    else:
        hart.state.v[i] = v
        hart.x[insn.rd] = 0
    hart.state.wide = hart.state.wide + current
    hart.state.counter = (hart.state.counter & 0xFFFF_FFFF_FFFF) + 12345


@xall.instruction("0000001 rs2 rs1 000 rd 0101011", "all.mac rd, rs1, rs2", cycles=2, operands={"rs1": s16, "rs2": s16})
def mac(hart, insn):
    """Multiply and accumulate into rd."""
    hart.x[insn.rd] = hart.x[insn.rd] + s16(hart.x[insn.rs1]) * s16(hart.x[insn.rs2])


@xall.instruction("0000010 shamt[4:0] rs1 000 rd 0101011", "all.rori rd, rs1, shamt", cycles=1)
def rori(hart, insn):
    """Rotate right by a constant."""
    hart.x[insn.rd] = hart.x[insn.rs1] >> insn.shamt | hart.x[insn.rs1] << (32 - insn.shamt)


@xall.instruction("imm[11:0] rs1 001 rd 0101011", "all.sum4 rd, imm(rs1)", cycles=3)
def sum4(hart, insn):
    """Sum of the four signed bytes of a word in memory."""
    word = hart.load(hart.x[insn.rs1] + insn.imm, 4)
    total = 0
    for lane in range(4):
        total = total + s8(word >> 8 * lane)
    hart.x[insn.rd] = total


@xall.instruction("imm[11:5] rs2 rs1 010 imm[4:0] 0101011", "all.sat8 rs2, imm(rs1)", cycles=2,
                  operands={"rs2": signed(32)})
def sat8(hart, insn):
    """Store a number as a saturated byte."""
    hart.store(hart.x[insn.rs1] + insn.imm, 1, s8.clip(signed(32)(hart.x[insn.rs2])))


@xall.instruction("imm[12|10:5] rs2 rs1 011 imm[4:1|11] 0101011", "all.bodd rs1, rs2, pc+imm", cycles=1)
def bodd(hart, insn):
    """Branch if the number of ones of rs1 and rs2 is odd."""
    if (hart.x[insn.rs1] ^ hart.x[insn.rs2]).bit_count() & 1:
        hart.jump(hart.pc + insn.imm)


@xall.instruction("0000011 rs2 rs1 000 rd 0101011", "all.div rd, rs1, rs2", cycles=5)
def div(hart, insn):
    """Floor division of signed numbers; by zero it traps as an illegal instruction."""
    divisor = signed(32)(hart.x[insn.rs2])
    if divisor == 0:
        hart.illegal()
    hart.elapse(divisor & 7)
    hart.x[insn.rd] = signed(32)(hart.x[insn.rs1]) // divisor + signed(32)(hart.x[insn.rs1]) % divisor


@xall.instruction("mode[2:0] 0000 lane[4:0] rs1 111 rd 0101011", "all.pick rd, rs1, lane, mode", cycles=1)
def pick(hart, insn):
    """A part of rs1, by mode with sign."""
    value = hart.x[insn.rs1] >> insn.lane
    if insn.mode == 0:
        hart.x[insn.rd] = value & 0xFF
    elif insn.mode == 1:
        hart.x[insn.rd] = s8(value)
    else:
        hart.x[insn.rd] = abs(s8(value)) << insn.mode


@xall.instruction("value[19:0] 00000 1111011", "all.hint value", cycles=1, unused=("value",))
def hint(hart, insn):
    """Does nothing."""
'''

ODD = """
from iss.extension import Extension

xodd = Extension("xodd", title="Odd forms")
xodd.csr(0x7D0, "odd_zero", "Zero", read=lambda hart: 0)


@xodd.instruction("offset[6:0] rs1 rs2 000 rd 0001011", "odd.swapped rd, rs1, rs2, offset", cycles=1)
def swapped(hart, insn):
    \"\"\"Sources in each other's place.\"\"\"
    hart.x[insn.rd] = hart.x[insn.rs1] + hart.x[insn.rs2] * insn.offset


@xodd.instruction("00 wide[4:0] 00000 rs1 001 low[4:1|0] 0001011", "odd.store rs1, wide, low", cycles=1)
def store(hart, insn):
    \"\"\"Immediates where others have registers.\"\"\"
    hart.store(hart.x[insn.rs1], 1, insn.wide ^ insn.low)
"""


def extension(folder: Path, text: str = ALL_KINDS, name: str = "xall.py") -> Extension:
    """The first extension of a file with this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return load_extensions(path)[0]


def random_program(seed: int, length: int = 600) -> str:
    """Assembly that uses every instruction of `ALL_KINDS` with random and with extreme operands."""
    rng = random.Random(seed)
    registers = ["a1", "a2", "a3", "a4", "a5", "s2", "s3", "s4", "t3", "zero"]

    def any_register() -> str:
        return rng.choice(registers)

    lines = ["la s0, data", "csrr a1, all_high"]
    for number in range(length):
        rd, rs1, rs2 = any_register(), any_register(), any_register()
        choice = rng.randrange(14)
        extreme = rng.choice([0, 1, -1, 0x7FFF, -0x8000, 0x7FFFFFFF, -0x80000000, rng.getrandbits(32) - (1 << 31)])
        lines += {
            0: [f"all.lif {rd}, {rs1}, {rs2}"],
            1: [f"all.mac {rd}, {rs1}, {rs2}"],
            2: [f"all.rori {rd}, {rs1}, {rng.randrange(32)}"],
            3: [f"all.sum4 {rd}, {rng.randrange(-128, 128) * 4}(s0)"],
            4: [f"all.sat8 {rs2}, {rng.randrange(-2000, 2000)}(s0)"],
            5: [f"all.bodd {rs1}, {rs2}, next{number}", f"addi {rd}, {rd}, 1", f"next{number}:"],
            6: [f"beqz {rs2}, skip{number}", f"all.div {rd}, {rs1}, {rs2}", f"skip{number}:"],
            7: [f"all.pick {rd}, {rs1}, {rng.randrange(32)}, {rng.randrange(8)}"],
            8: [f"all.hint {rng.getrandbits(20)}"],
            9: [f"csrr {rd}, all_vth", f"csrw all_vth, {rs1}"],
            10: [f"csrr {rd}, all_wide"],
            11: [f"csrr {rd}, all_high"],
            12: [f"li {rd}, {extreme}"],
            13: [f"li {rd}, {extreme}", f"li {rs2}, {rng.randrange(-40000, 40000)}", f"all.lif {rd}, zero, {rs2}"],
        }[choice]
    body = "\n".join(f"    {line}" if not line.endswith(":") else line for line in lines)
    return (
        f'    .include "crt0.inc"\nmain:\n{body}\n    li a0, 0\n    ret\n    .data\n    .zero 2048\ndata: .zero 4096\n'
    )


def program(folder: Path, text: str, *extensions: Extension) -> Path:
    """The ELF file of an assembly text."""
    architecture = architecture_with(extensions)
    path = folder / "program.elf"
    path.write_bytes(write_elf(assemble([Source("program.S", text)], architecture=architecture)))
    return path
