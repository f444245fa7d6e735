"""Xwqx: binary synapses, a streamlined neuron and binary stochastic STDP, after Wenquxing 22A; 32 inputs a word."""

from iss.extension import Extension, unsigned

u16, u32 = unsigned(16), unsigned(32)
xwqx = Extension("xwqx", title="Binary synapses", version="1.0")
xwqx.state("vth", u16, reset=16, documentation="threshold")
xwqx.state("leak", unsigned(8), reset=1, documentation="what a step takes away")
xwqx.state("learning", unsigned(1), reset=1, documentation="whether synapses change")
xwqx.state("spikes", u32, documentation="output of the last 32 steps, the last in bit 0")
xwqx.state("random", u32, reset=1, documentation="random bits (xorshift), never 0")
xwqx.csr(0x7F8, "wqx_vth", "Threshold", state="vth")


def write_mode(hart, value):
    """Bits 7:0 are the leak, bit 8 lets synapses change."""
    hart.state.leak = value
    hart.state.learning = value >> 8


def write_seed(hart, value):
    """0 is taken for 1."""
    hart.state.random = value + (value == 0)


xwqx.csr(
    0x7F9,
    "wqx_mode",
    "Leak and learning",
    read=lambda hart: hart.state.leak | hart.state.learning << 8,
    write=write_mode,
)
xwqx.csr(0x7FA, "wqx_seed", "Random bits", read=lambda hart: hart.state.random, write=write_seed)
xwqx.csr(0xFF8, "wqx_spikes", "Output of the last 32 steps", state="spikes")
xwqx.implementation("c", c="xwqx.c")
xwqx.implementation("oracle", python="oracle.py")


@xwqx.instruction("1101000 rs2 rs1 011 rd 1111011", "wqx.input rd, rs1, rs2", energy_pj=0.7)
def collect(hart, insn):
    """Number of inputs rs1 that spike at a synapse rs2 that is there."""
    met = hart.x[insn.rs1] & hart.x[insn.rs2]
    count = 0
    for bit in range(32):
        count = count + (met >> bit & 1)
    hart.x[insn.rd] = count


@xwqx.instruction("1101001 rs2 rs1 011 rd 1111011", "wqx.neuron rd, rs1, rs2", cycles=2, energy_pj=1.1,
                  operands={"rs1": u16, "rs2": unsigned(6)})  # fmt: skip
def neuron(hart, insn):
    """A step of the neuron rs1 with so many inputs rs2; rd is its potential then, 0 after a spike."""
    v = u16(hart.x[insn.rs1]) + (hart.x[insn.rs2] & 63) - hart.state.leak
    if v < 0:
        v = 0
    spike = v >= hart.state.vth
    hart.state.spikes = hart.state.spikes << 1 | spike
    if spike:
        v = 0
    hart.x[insn.rd] = v


@xwqx.instruction("1101010 rs2 rs1 011 rd 1111011", "wqx.learn rd, rs1, rs2", cycles=2, energy_pj=1.3)
def learn(hart, insn):
    """Synapses rs1 after the last step with inputs rs2: if it gave a spike, those whose input spiked are there, and
    of the others one in four goes."""
    synapses, inputs = hart.x[insn.rs1], hart.x[insn.rs2]
    if (hart.state.learning & hart.state.spikes) != 0:
        noise = hart.state.random
        noise = (noise ^ noise << 13) & 0xFFFF_FFFF
        noise = noise ^ noise >> 17
        noise = (noise ^ noise << 5) & 0xFFFF_FFFF
        hart.state.random = noise
        go = noise & (noise >> 7 | noise << 25)
        hart.x[insn.rd] = inputs | synapses & ~go
    else:
        hart.x[insn.rd] = synapses


xwqx.cover("kept", "wqx.learn", lambda case: case.result == 0xFFFF_FFFF)
