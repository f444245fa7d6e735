"""An extension with state, a CSR and memory, and its implementations, for tests of `ext test`."""

from __future__ import annotations

from pathlib import Path

LIF = '''\
def lif(hart, insn):
    """Integrate rs2 into neuron rs1; rd is 1 if it fires."""
    i = u8(hart.x[insn.rs1])
    v = hart.state.v[i]
    v = s16.clip(v - (v >> 4) + s16(hart.x[insn.rs2]))
    if v >= hart.state.vth:
        hart.state.v[i] = 0
        hart.x[insn.rd] = 1
    else:
        hart.state.v[i] = v
        hart.x[insn.rd] = 0
'''
HEAD = "from iss.extension import Extension, signed, unsigned\n"
SPIKING = (
    HEAD
    + """
s16, u8 = signed(16), unsigned(8)
xspk = Extension("xspk", title="Spiking unit")
xspk.state("v", s16, count=256, documentation="membrane potentials")
xspk.state("vth", unsigned(15), reset=1024)
xspk.state("odd", signed(13), reset=-3)
xspk.state("wide", signed(48), reset=-1)
xspk.csr(0x7D0, "spk_vth", "Threshold", state="vth")
xspk.csr(0x7D1, "spk_odd", "A number of odd width", state="odd")
xspk.csr(0xFC0, "spk_wide", "High word", read=lambda hart: hart.state.wide >> 32 & 0xFFFF_FFFF)


@xspk.instruction("0000000 rs2 rs1 000 rd 1011011", "spk.lif rd, rs1, rs2", cycles=3, energy_pj=1.2,
                  operands={"rs1": u8, "rs2": s16})
"""
    + LIF
    + '''\
    hart.state.wide = hart.state.wide + 12345678901


@xspk.instruction("0000001 rs2 rs1 000 rd 1011011", "spk.sum rd, rs1, rs2", cycles=4)
def sum(hart, insn):
    """Sum of the byte at rs1 and the word at rs2; the odd state keeps it."""
    total = hart.load(hart.x[insn.rs1], 1) + hart.load(hart.x[insn.rs2], 4)
    hart.state.odd = total
    hart.x[insn.rd] = total
'''
)
"""With state of odd widths, and without second implementations."""
DEFINITION = (
    """\
from iss.extension import Extension, signed, unsigned

s16, u8 = signed(16), unsigned(8)
xspk = Extension("xspk", title="Spiking unit")
xspk.state("v", s16, count=256, documentation="membrane potentials")
xspk.state("vth", unsigned(15), reset=1024)
xspk.csr(0x7D0, "spk_vth", "Threshold", state="vth")
xspk.implementation("c", c="xspk.c")
xspk.implementation("oracle", python="oracle.py")
xspk.implementation("other", extension="other.py")


@xspk.instruction("0000000 rs2 rs1 000 rd 1011011", "spk.lif rd, rs1, rs2", operands={"rs1": u8, "rs2": s16})
"""
    + LIF
    + '''

@xspk.instruction("0000001 rs2 rs1 000 rd 1011011", "spk.sum rd, rs1, rs2")
def sum(hart, insn):
    """Sum of the byte at rs1 and the word at rs2, which it becomes."""
    total = hart.load(hart.x[insn.rs1], 1) + hart.load(hart.x[insn.rs2], 4)
    hart.store(hart.x[insn.rs2], 4, total)
    hart.x[insn.rd] = total
'''
)
C = """\
#include "xspk_model.h"

uint32_t spk_lif(xspk_hart *hart, xspk_state *state, uint32_t rs1, uint32_t rs2)
{
    (void)hart;
    int16_t *v = &state->v[rs1 & 255];
    int32_t next = *v - (*v >> 4) + (int16_t)rs2;
    if (next > 32767) next = 32767;
    if (next < -32768) next = -32768;
    const int fires = next >= state->vth;
    *v = fires ? 0 : (int16_t)next;
    return (uint32_t)fires;
}

uint32_t spk_sum(xspk_hart *hart, xspk_state *state, uint32_t rs1, uint32_t rs2)
{
    (void)state;
    uint32_t total = xspk_load8(hart, rs1);
    total += xspk_load32(hart, rs2);
    xspk_store32(hart, rs2, total);
    return total;
}
"""
ORACLE = """\
def spk_lif(hart, insn):
    index, given = hart.x[insn.rs1] % 256, hart.x[insn.rs2] % 65536
    if given >= 32768:
        given -= 65536
    v = hart.state.v[index]
    v = max(-32768, min(32767, v - v // 16 + given))
    fires = v >= hart.state.vth
    hart.state.v[index] = 0 if fires else v
    hart.x[insn.rd] = int(fires)
"""


def write(folder: Path, *, c: str = C, oracle: str = ORACLE, other: str = DEFINITION) -> Path:
    """Write the files; return the extension's."""
    texts = {"xspk.py": DEFINITION, "xspk.c": c, "oracle.py": oracle, "other.py": other}
    for name, text in texts.items():
        folder.joinpath(name).write_text(text, encoding="utf-8")
    return folder / "xspk.py"
