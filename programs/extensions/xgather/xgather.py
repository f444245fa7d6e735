"""Xgather: bytes from four places, a stream of words with a pointer of its own, and a swap. All of it is memory."""

from iss.extension import Extension, unsigned

xgather = Extension("xgather", title="Gathering and streaming", version="1.0")
xgather.state("at", unsigned(32), documentation="address of the stream's next word")
xgather.state("stride", unsigned(32), reset=4, documentation="distance of its words")
xgather.csr(0xFF6, "gat_at", "Address of the stream's next word", state="at")
xgather.implementation("c", c="xgather.c")


@xgather.instruction("1101000 rs2 rs1 010 rd 1111011", "gat.bytes rd, rs1, rs2", cycles=4, energy_pj=6.5)
def gather(hart, insn):
    """The four bytes at rs1 + each unsigned byte of rs2, packed in that order."""
    base, offsets = hart.x[insn.rs1], hart.x[insn.rs2]
    word = 0
    for lane in range(4):
        word = word | hart.load(base + (offsets >> 8 * lane & 0xFF), 1) << 8 * lane
    hart.x[insn.rd] = word


@xgather.instruction("1101001 rs2 rs1 010 00000 1111011", "gat.seek rs1, rs2", energy_pj=0.5)
def seek(hart, insn):
    """Let the stream begin at rs1 and go on by rs2."""
    hart.state.at = hart.x[insn.rs1]
    hart.state.stride = hart.x[insn.rs2]


@xgather.instruction("1101010 00000 00000 010 rd 1111011", "gat.next rd", cycles=2, energy_pj=2.4)
def following(hart, insn):
    """The next word of the stream; if its load traps, the stream stays where it is."""
    at = hart.state.at
    hart.x[insn.rd] = hart.load(at, 4)
    hart.state.at = at + hart.state.stride


@xgather.instruction("1101011 rs2 rs1 010 rd 1111011", "gat.swap rd, rs1, rs2", cycles=3, energy_pj=3.1)
def swap(hart, insn):
    """Exchange the halfword at rs1 for rs2; rd is the old one, sign-extended."""
    address, given = hart.x[insn.rs1], hart.x[insn.rs2]
    old = hart.load(address, 2)
    hart.store(address, 2, given)
    hart.x[insn.rd] = (old ^ 0x8000) - 0x8000
