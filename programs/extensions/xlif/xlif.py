"""Xlif: a unit of 64 leaky integrate-and-fire neurons that keeps their potentials; CSRs set threshold and leak."""

from iss.extension import Extension, signed, unsigned

s16, u6 = signed(16), unsigned(6)
xlif = Extension("xlif", title="Leaky integrate and fire", version="1.0")
xlif.state("v", s16, count=64, documentation="membrane potentials")
xlif.state("rest", unsigned(4), count=64, documentation="steps of the refractory period that are left")
xlif.state("vth", unsigned(15), reset=1000, documentation="threshold")
xlif.state("leak", unsigned(4), reset=4, documentation="a step takes v / 2^leak away")
xlif.state("pause", unsigned(4), reset=2, documentation="length of the refractory period in steps")
xlif.state("fired", unsigned(32), documentation="spikes so far")
xlif.csr(0x7F4, "lif_vth", "Threshold", state="vth")


def write_mode(hart, value):
    """Bits 3:0 are the leak, 11:8 the refractory period; a leak of 0 is taken for 1."""
    leak = value & 15
    hart.state.leak = leak + (leak == 0)
    hart.state.pause = value >> 8


xlif.csr(
    0x7F5, "lif_mode", "Leak and pause", read=lambda hart: hart.state.leak | hart.state.pause << 8, write=write_mode
)
xlif.csr(0xFF4, "lif_fired", "Spikes so far", state="fired")
xlif.implementation("c", c="xlif.c")
xlif.implementation("c csrs", c="xlif_csrs.c")


@xlif.instruction("1111000 rs2 rs1 010 rd 1111011", "lif.step rd, rs1, rs2", cycles=3, energy_pj=1.9,
                  operands={"rs1": u6, "rs2": s16})  # fmt: skip
def step(hart, insn):
    """A step of neuron rs1 with input rs2: rd becomes 1 if it fires, else 0. In its pause it takes no input."""
    i = u6(hart.x[insn.rs1])
    rest, v = hart.state.rest[i], hart.state.v[i]
    if rest != 0:
        hart.state.rest[i] = rest - 1
        hart.x[insn.rd] = 0
    else:
        v = s16.clip(v - (v >> hart.state.leak) + s16(hart.x[insn.rs2]))
        if v >= hart.state.vth:
            hart.state.v[i] = 0
            hart.state.rest[i] = hart.state.pause
            hart.state.fired = hart.state.fired + 1
            hart.x[insn.rd] = 1
        else:
            hart.state.v[i] = v
            hart.x[insn.rd] = 0


@xlif.instruction("1111001 00000 rs1 010 rd 1111011", "lif.read rd, rs1", energy_pj=0.6, operands={"rs1": u6})
def read(hart, insn):
    """Potential of neuron rs1."""
    hart.x[insn.rd] = hart.state.v[u6(hart.x[insn.rs1])]


@xlif.instruction("1111010 rs2 rs1 010 00000 1111011", "lif.write rs1, rs2", energy_pj=0.7, operands={"rs2": s16})
def write(hart, insn):
    """Set the potential of neuron rs1 to rs2 and end its pause. Neurons from 64 on are refused as illegal."""
    number = hart.x[insn.rs1]
    if number > 63:
        hart.illegal()
    i = u6(number)
    hart.state.v[i] = hart.x[insn.rs2]
    hart.state.rest[i] = 0


xlif.cover("spike", "lif.step", lambda case: case.result == 1)
