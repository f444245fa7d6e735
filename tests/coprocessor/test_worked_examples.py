"""The worked examples of specification chapter 9, on both implementations."""

from __future__ import annotations

from typing import Any

import pytest

from coprocessor.interface import Operation
from tests.coprocessor.implementations import BASE, READY, Machine, every_level, put_words, words_of
from tests.coprocessor.memory_image import Image, pack_rows

POP, SYN, NET, XFER = BASE, BASE + 0x40, BASE + 0x80, BASE + 0xA0

LISTING = """
0x80000000: 4e4d0101 00000002 00000801 00000008
0x80000010: 0e660000 00000000 00000000 00000000
0x80000020: 00000064 00000000 80000100 00000000
0x80000030: 80000110 80000120 00000004 00000000
0x80000040: 4e4d0201 00000003 00000002 00000200
0x80000050: 00000000 80000130 00000000 00000000
0x80000060: 00000000 80000140 00000004 80000110
0x80000070: 00000000 00000000 00000000 00000000
0x80000080: 4e4d0401 00000002 00000000 00000000
0x80000090: 00000001 80000040 00000102 80000000
0x80000130: 0000283c 0000f650 00000a1e 00000000
0x80000140: 00000003 00000005 00000000 00000000
"""


def listed_memory() -> bytearray:
    """RAM of 4 KiB with the listing of 9.1."""
    ram = bytearray(4096)
    for line in LISTING.split("\n")[1:-1]:
        address, words = line.split(":")
        put_words(ram, int(address, 16), *(int(word, 16) for word in words.split()))
    return ram


@every_level
def test_two_neurons_two_steps(kind: Any) -> None:
    """9.1"""
    machine = Machine(kind, listed_memory())
    assert machine.run(Operation.RUN, NET, 2) == 2
    assert words_of(machine.ram, BASE + 0x100, 18) == [25, 76, *[0] * 6, 1, 1, 0, 0, 0x283C, 0xF650, 0xA1E, 0, 3, 5]
    assert machine.read("t") == 2
    counters = {"sop": 8, "nup": 4, "spkin": 4, "spkout": 2, "wupd": 0, "rdb": 88, "wrb": 72, "cyc": 90}
    assert machine.unit.state()["counters"] == counters
    assert machine.mcycle == 90
    assert machine.unit.ctl == READY | 3


@every_level
def test_suspension(kind: Any) -> None:
    """9.2"""
    machine = Machine(kind, listed_memory())
    machine.write("slice", 2)
    seen = []
    for _ in range(3):
        outcome = machine.issue(Operation.RUN, NET, 2)
        seen.append((outcome, *(machine.read(f"prog{k}") for k in range(4)), machine.read("pdesc"), machine.mcycle))
    assert seen == [(1, 0, 0xC0000001, 0, 0, NET, 41), (1, 2, 0xC0000000, 1, 1, NET, 66), (0, 0, 0, 0, 0, 0, 90)]
    assert machine.unit.result == 2


@every_level
def test_pair_stdp(kind: Any) -> None:
    """9.3"""
    image = Image(4096)
    weights, cur = image.allocate(8, content=pack_rows([[10, 10], [20, 20]], 8)), image.allocate(8)
    pre, post = image.halves([200, 100]), image.halves([300, 50])
    pop = image.pop(2, state=image.allocate(8), cur=cur, out=image.words([0b10]))
    syn = image.syn(2, 2, weights=weights, cur=cur, source_address=image.words([0b01]))
    learning = {"lmode": 8 << 16 | 2, "amplitudes": (16, 12), "decays": (3686, 3686), "impulses": (256, 256)}
    rule = image.rule(0, syn, pop, **learning, pre_traces=pre, post_traces=post)  # type: ignore[arg-type]
    machine = Machine(kind, image.ram)
    assert machine.run(Operation.LEARN, rule) == 3
    assert words_of(machine.ram, weights, 2) == [(-4 & 0xFF) | 20 << 8, 20 | 26 << 8]
    assert words_of(machine.ram, pre, 1) == [436 | 90 << 16]
    assert words_of(machine.ram, post, 1) == [270 | 301 << 16]


PROFILES: list[tuple[int, int, tuple[int, ...], int, int, list[int], int, list[int], int, int]] = [
    (0, 0x8, (0x0, 0x0, 0x2, 0x0), 100, 0, [70], 9, [6], 1, 1),
    (1, 0x0, (0xE660000, 0x5, 0x2, 0x0), 100, -10, [90], 7, [-10], 1, 1),
    (2, 0x1A0, (0xE610800, 0x0, 0x6, 0x0), 384, 0, [100, 350], 2, [178, 0], 1, 1),
    (3, 0x1A4, (0xE610800, 0, 6, 0xDAC0FA0), 640, 64, [500, 900, 700, 100], 3, [442, 1250, 762, 1481], 1, 1),
    (4, 0x4, (0x199A028F, 0x800BF00, 0x100, 0x0), 7680, 0, [-218054912], 2560, [-218053995], 0, 0),
    (5, 0x60, (0x1FB, 0x32, 0x0, 0x0), 100, 0, [90], 20, [0], 1, 1),
    (6, 0x20, (0xF3C0000, 0x0, 0x0, 0x0), 0, 0, [-1000], 25, [-927], 0, -927),
    (7, 0x4, (0x0, 0xA, 0x100, 0x0), 16, 0, [40, 38, 1], 9, [49, 59, 0], 1, 22),
]
"""Profile, MODE, P0-P3, VTH, VRST, state before, input, state after, s, g."""


@every_level
@pytest.mark.parametrize("row", PROFILES, ids=["IF", "LIF", "CUBA", "ALIF", "IZH", "TN", "LI", "SD"])
@pytest.mark.parametrize("graded", [False, True])
def test_profile(kind: Any, row: Any, graded: bool) -> None:
    """9.4"""
    profile, mode, parameters, vth, vrst, before, cur, after, s, g = row
    image = Image(4096)
    state, ring, out, acc = image.words(before), image.words([cur]), image.words([0xFFFF_FFFF]), image.words([5])
    pop = image.pop(
        1,
        state=state,
        cur=ring,
        profile=profile,
        mode=mode,
        parameters=parameters,
        vth=vth,
        vrst=vrst,
        out=out,
        acc=acc,
        graded=graded,
    )
    machine = Machine(kind, image.ram)
    assert machine.run(Operation.UPD, pop) == s
    assert words_of(machine.ram, state, len(after)) == [word & 0xFFFF_FFFF for word in after]
    assert words_of(machine.ram, ring, 1) == [0]
    assert words_of(machine.ram, out, 1) == [(g if graded else s) & 0xFFFF_FFFF]
    assert words_of(machine.ram, acc, 1) == [(5 + g) & 0xFFFF_FFFF]


SEQUENCE: list[tuple[str, int, int, int | None, dict[int, int], int]] = [
    ("SYN", SYN, 0, 2, {0x110: 140, 0x114: 30}, 28),
    ("UPD", POP, 0, 1, {0x100: 40, 0x104: 30, 0x110: 0, 0x114: 0, 0x120: 1}, 47),
    ("SYN", SYN, BASE + 0x150, 1, {0x110: 30, 0x114: 10}, 68),
    ("LAYER", SYN, 0, 1, {0x100: 105, 0x104: 66, 0x120: 1}, 113),
    ("RST", POP, 0, 0, {0x100: 0, 0x104: 0}, 130),
    ("INJ", 0x4D, 1, 63, {}, 131),
    ("INJ", 0x4E, 1, 62, {}, 132),
    ("QLEV", 0, 1, 2, {}, 133),
    ("POP", 0, 1, 77, {}, 134),
    ("POP", 0, 2, -1, {}, 135),
    ("EV2BM", XFER, 0, 2, {0x180: 6}, 153),
    ("BM2EV", XFER, 0, 2, {0x160: 2, 0x164: 1, 0x168: 2}, 171),
    ("START", NET, 3, 0, {}, 176),
    ("POLL", 0, 0, 1, {}, 177),
    ("WAIT", 0, 0, 3, {}, 312),
    ("POLL", 0, 0, 0, {}, 313),
    ("ABORT", 0, 0, 0, {}, 314),
    ("SAVE", BASE + 0x200, 0, None, {}, 378),
    ("RUN", NET, 1, 2, {}, 423),
    ("REST", BASE + 0x200, 0, None, {}, 487),
    ("POP", 0, 1, 78, {}, 488),
]
"""Instruction, rs1, rs2, rd, words afterwards by offset, mcycle afterwards."""


def plain_memory() -> bytearray:
    """The network of 9.1 as 9.5 has it: plain buffers, the POP named in w12, an XFER."""
    ram = listed_memory()
    put_words(ram, POP + 8, 0x00000001)
    put_words(ram, POP + 56, 0)
    put_words(ram, SYN + 12, 0)
    put_words(ram, SYN + 40, 0)
    put_words(ram, SYN + 48, POP)
    put_words(ram, XFER, 0x4E4D0501, 3, BASE + 0x160, BASE + 0x180, 3, 0, 0, 0)
    put_words(ram, BASE + 0x150, 4)
    put_words(ram, BASE + 0x160, 2, 1, 2)
    return ram


@every_level
def test_sequence(kind: Any) -> None:
    """9.5; source at 0x80000150 and the event list are chosen so that the printed results come out."""
    machine = Machine(kind, plain_memory())
    machine.unit.ctl = 1
    assert machine.run(Operation.CHECK, NET) == 0
    assert machine.mcycle == 1
    assert machine.run(Operation.CHECK, BASE + 0x44) == -25 & 0xFFFF_FFFF
    assert (machine.read("err"), machine.read("eaddr"), machine.mcycle) == (0x19, BASE + 0x44, 2)
    machine.unit.ctl = READY
    for step, (name, rs1, rs2, rd, after, mcycle) in enumerate(SEQUENCE):
        result = machine.run(Operation[name], rs1, rs2)
        if rd is not None:
            assert result == rd & 0xFFFF_FFFF, (step, name)
        for offset, word in after.items():
            assert words_of(machine.ram, BASE + offset, 1) == [word], (step, name, hex(offset))
        assert machine.mcycle == mcycle, (step, name)
        if name in ("START", "REST"):
            assert machine.read("t") == 3
        elif name == "RUN":
            assert machine.read("t") == 4
