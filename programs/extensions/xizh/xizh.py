"""Xizh: Izhikevich neurons in fixed point, two instructions that configure and two that process, as IzhiRISC-V has.

Numbers: v, u, c and d have 8 bits behind the point, a and b 11, currents 16. A neuron is one word, v above u.
"""

from iss.extension import Extension, signed, unsigned

s16, s32 = signed(16), signed(32)
PEAK = 30 << 8  # mV, where a spike is over
xizh = Extension("xizh", title="Izhikevich neurons", version="1.0")
xizh.state("a", s16, reset=41, documentation="recovery rate: 0.02")
xizh.state("b", s16, reset=410, documentation="sensitivity of the recovery: 0.2")
xizh.state("c", s16, reset=-65 << 8, documentation="v after a spike: -65 mV")
xizh.state("d", s16, reset=8 << 8, documentation="what a spike adds to u: 8")
xizh.state("step", unsigned(3), reset=1, documentation="a step is 2^-step ms long")
xizh.state("spikes", unsigned(32), documentation="whether the last 32 updates gave spikes, the last in bit 0")
xizh.csr(0x7F6, "izh_step", "Length of a step", state="step")
xizh.csr(0xFF5, "izh_spikes", "Spikes of the last 32 updates", state="spikes")
xizh.implementation("c", c="xizh.c")


@xizh.instruction("1111000 rs2 rs1 011 00000 1111011", "izh.ab rs1, rs2", energy_pj=0.4,
                  operands={"rs1": s16, "rs2": s16})  # fmt: skip
def set_ab(hart, insn):
    """Set the parameters a = rs1 and b = rs2."""
    hart.state.a = hart.x[insn.rs1]
    hart.state.b = hart.x[insn.rs2]


@xizh.instruction("1111001 rs2 rs1 011 00000 1111011", "izh.cd rs1, rs2", energy_pj=0.4,
                  operands={"rs1": s16, "rs2": s16})  # fmt: skip
def set_cd(hart, insn):
    """Set the parameters c = rs1 and d = rs2."""
    hart.state.c = hart.x[insn.rs1]
    hart.state.d = hart.x[insn.rs2]


@xizh.instruction("1111010 rs2 rs1 011 rd 1111011", "izh.step rd, rs1, rs2", energy_pj=5.5)
def step(hart, insn):
    """An Euler step of the neuron rs1 with the current rs2; rd is the neuron afterwards."""
    v, u = s16(hart.x[insn.rs1] >> 16), s16(hart.x[insn.rs1])
    # dv/dt = 0.04 v^2 + 5 v + 140 - u + I, with 0.04 as 41/1024; du/dt = a (b v - u)
    slope = (v * v * 41 >> 18) + 5 * v + (140 << 8) - u + (s32(hart.x[insn.rs2]) >> 8)
    recovery = hart.state.a * ((hart.state.b * v >> 11) - u) >> 11
    v = s16.clip(v + (slope >> hart.state.step))
    u = s16.clip(u + (recovery >> hart.state.step))
    spike = v >= PEAK
    if spike:
        v = hart.state.c
        u = s16.clip(u + hart.state.d)
    hart.state.spikes = hart.state.spikes << 1 | spike
    hart.x[insn.rd] = (v & 0xFFFF) << 16 | u & 0xFFFF


@xizh.instruction("1111011 shift[4:0] rs1 011 rd 1111011", "izh.decay rd, rs1, shift", energy_pj=0.6)
def decay(hart, insn):
    """The current rs1 without its 2^shift-th part, towards 0, but nearer to 0 by at least 1."""
    current = s32(hart.x[insn.rs1])
    part = abs(current) >> insn.shift
    part = part + (part == 0)
    if current > 0:
        hart.x[insn.rd] = current - part
    elif current < 0:
        hart.x[insn.rd] = current + part
    else:
        hart.x[insn.rd] = 0


xizh.cover("at rest", "izh.decay", lambda case: case.result == 0)
