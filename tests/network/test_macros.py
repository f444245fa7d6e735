"""The firmware macros: descriptors as the specification draws them, and a layer equal to the engine's."""

from __future__ import annotations

import numpy as np
import pytest

from coprocessor.golden.profiles import Profile
from coprocessor.golden.projection import Delay, Format, Source
from coprocessor.golden.rule import RuleKind
from coprocessor.network.parameters import MODE
from tests.coprocessor.implementations import words_of
from tests.coprocessor.memory_image import Image
from tests.network.firmware import FINISH, Firmware
from tests.network.networks import generator, raster

DESCRIPTORS = """
    .include "nm_descriptors.inc"
    .globl _start
_start:
    nm_enable
    la   a1, network
    nm.check a0, a1
    sw   a0, result, t0
    nm.run a0, a1, zero
    .data
    .byte 1                             # the macros align
    nm_pop pop, n=40, profile=NM_CUBA, mode=NM_ROUND_FLOOR | NM_RESET_HOLD | NM_WIDTH_24, p0=0x12340567, p1=5, p2=6, \
        vth=-7, vrst=8, per_neuron=2, parameters=0x80003000, refractory=3, log_depth=2, state=0x80001000, \
        cur=0x80001200, out=0x80001600, omode=NM_STREAM, stride=12, acc=0x80001700
    nm_syn syn, n=9, m=40, source=0x80002000, cur=0x80001200, weights=0x80002100, smode=NM_PREVIOUS, stride=16, \
        dmode=NM_DELAY_SOURCE, delay=1, delays=0x80002200, log_depth=2, exponent=4, pop=pop
    nm_rule rule, kind=NM_PAIR, syn=syn, pop=pop, lmode=0x00080002, smallest=-5, largest=100, l0=1, l1=-2, l2=3, l3=4, \
        ap=-6, am=7, kx=8, ky=9, impx=10, impy=11, ke=12, shr=13, pre=0x80002300, post=0x80002400
    nm_net network, NM_SYN, syn, NM_UPD | NM_OUT, pop, NM_LEARN, rule
    nm_xfer transfer, n=9, events=0x80002500, bitmap=0x80002600, capacity=5
    .bss
result:
    .space 4
"""


def test_descriptors() -> None:
    firmware = Firmware(DESCRIPTORS.replace("    .data\n", f"{FINISH}    .data\n", 1))
    symbol = firmware.machine.symbol
    image = Image(1 << 16)
    pop = image.pop(
        40,
        profile=2,
        mode=0x31,
        parameters=(0x12340567, 5, 6, 0),
        vth=-7,
        vrst=8,
        per_neuron=2,
        param=0x80003000,
        refractory=3,
        log_depth=2,
        state=0x80001000,
        cur=0x80001200,
        out=0x80001600,
        output_mode=2,
        stride=12,
        acc=0x80001700,
    )
    syn = image.syn(
        9,
        40,
        source_address=0x80002000,
        cur=0x80001200,
        weights=0x80002100,
        source_mode=3,
        stride=16,
        delay=1,
        fixed_delay=1,
        delays=0x80002200,
        log_depth=2,
        exponent=4,
        population=symbol("pop"),
    )
    rule = image.rule(
        0,
        symbol("syn"),
        symbol("pop"),
        lmode=0x00080002,
        limits=(-5, 100),
        l=(1, -2, 3, 4),
        amplitudes=(-6, 7),
        decays=(8, 9),
        impulses=(10, 11),
        w12=12 | 13 << 16,
        pre_traces=0x80002300,
        post_traces=0x80002400,
    )
    net = image.net([(1, symbol("syn")), (0x102, symbol("pop")), (3, symbol("rule"))])
    transfer = image.xfer(9, 0x80002500, 0x80002600, 5)
    for name, address, count in (
        ("pop", pop, 16),
        ("syn", syn, 16),
        ("rule", rule, 20),
        ("network", net, 10),
        ("transfer", transfer, 8),
    ):
        assert symbol(name) % 16 == 0
        words = firmware.words(name, count).view(np.uint32).tolist()
        assert words == words_of(image.ram, address, count), name
    firmware.run()
    assert firmware.words("result", 1)[0] == 0


def test_names() -> None:
    """The constants of the macros are those of the Python side."""
    names = Firmware(DESCRIPTORS).program.names
    renamed = {"NM_BINARY": Format.BINARY, "NM_BINARY_RULE": RuleKind.BINARY}
    for enumeration in (Profile, Format, Source, RuleKind):
        for member in enumeration:
            key = f"NM_{member.name}" if member is not RuleKind.BINARY else "NM_BINARY_RULE"
            assert names[key] == member, key
    assert all(names[key] == value for key, value in renamed.items())
    assert [names[f"NM_DELAY_{word}"] for word in ("FIXED", "SOURCE", "SYNAPSE")] == list(Delay)
    fields = {
        "ROUND_FLOOR": ("rounding", "floor"),
        "ROUND_HALF_UP": ("rounding", "half_up"),
        "ROUND_STOCHASTIC": ("rounding", "stochastic"),
        "GREATER_EQUAL": ("comparison", ">="),
        "RESET_SUBTRACT": ("reset", "subtract"),
        "RESET_HOLD": ("reset", "hold"),
        "WIDTH_24": ("width", 24),
        "WIDTH_16": ("width", 16),
        "WIDTH_20": ("width", 20),
        "SYMMETRIC": ("symmetric", True),
        "WRAP_CURRENT": ("wrap_current", True),
        "OLD_CURRENT": ("old_current", True),
        "NON_NEGATIVE": ("non_negative", True),
    }
    for name, (field, value) in fields.items():
        low, _, values = MODE[field]
        assert names[f"NM_{name}"] == values[value] << low, name


LAYER = """
    .include "nm_descriptors.inc"
    .include "nm_layer.inc"
    .equ N, {n}
    .equ M, {m}
    .equ STEPS, 20
    .equ MODE, {mode}
    .equ P0, {p0}
    .equ VTH, 400
    .globl _start
_start:
    nm_enable
    li   t0, 1
    csrw nm_rng, t0
    call load
    li   s0, STEPS
    la   s1, input
    la   s2, fine_out
1:  mv   a0, s1
    la   a1, weights
    la   a2, fine_cur
    call rows
    la   a0, fine_state
    la   a1, fine_cur
    mv   a2, s2
    call update
    addi s1, s1, 4 * ((N + 31) / 32)
    addi s2, s2, 4 * ((M + 31) / 32)
    addi s0, s0, -1
    bnez s0, 1b
    li   t0, 1
    csrw nm_rng, t0                     # both start with the same random numbers
    la   a0, network
    li   a1, STEPS
    nm.run a0, a0, a1
{finish}
    nm_rows rows, n=N, m=M, exponent=3
    nm_load load, mode=MODE, p0=P0, p1=3, p2=2, vth=VTH, vrst=-5
    nm_update update, n=M, profile={profile}, old_current={old}
    .data
    nm_pop pop, n=M, profile=NM_{profile}, mode=MODE, p0=P0, p1=3, p2=2, vth=VTH, vrst=-5, state=state, cur=cur, \
        out=out, omode=NM_STREAM, stride=4 * ((M + 31) / 32)
    nm_syn syn, n=N, m=M, source=input, cur=cur, weights=weights, smode=NM_STREAM, stride=4 * ((N + 31) / 32), \
        exponent=3, pop=pop
    nm_net network, NM_SYN, syn, NM_UPD | NM_OUT, pop
    .bss
    .balign 4
input:      .space 4 * STEPS * ((N + 31) / 32)
weights:    .space N * ((M + 3) & -4)
state:      .space 8 * M
fine_state: .space 8 * M
cur:        .space 4 * M
fine_cur:   .space 4 * M
out:        .space 4 * STEPS * ((M + 31) / 32)
fine_out:   .space 4 * STEPS * ((M + 31) / 32)
"""


@pytest.mark.parametrize(
    ("profile", "mode", "p0", "old"),
    [
        ("IF", "NM_RESET_SUBTRACT", 0, 0),
        ("LIF", "NM_WIDTH_16 | NM_GREATER_EQUAL | NM_ROUND_STOCHASTIC", 3600 << 16, 0),
        ("CUBA", "NM_WIDTH_24 | NM_SYMMETRIC | NM_WRAP_CURRENT", 2000 | 3600 << 16, 0),
        ("CUBA", "NM_OLD_CURRENT | NM_RESET_SUBTRACT", 2000 | 3600 << 16, 1),
        ("IZH", "0", 655 | 6553 << 16, 0),
        ("TN", "NM_WIDTH_20", 5, 0),
    ],
)
@pytest.mark.parametrize(("n", "m"), [(40, 33), (32, 64), (5, 3)])
def test_layer_equals_engine(profile: str, mode: str, p0: int, old: int, n: int, m: int) -> None:
    text = LAYER.format(n=n, m=m, profile=profile, mode=mode, p0=p0, old=old, finish=FINISH)
    spikes = np.zeros((20, -(-n // 32) * 32), dtype=np.uint8)
    spikes[:, :n] = raster(20, n)
    spikes[:, n:] = 1  # bits beyond n are ignored
    rows = np.zeros((n, -(-m // 4) * 4), dtype=np.int8)
    rows[:, :m] = generator().integers(-60, 128, (n, m))
    firmware = Firmware(text)
    firmware.run({"input": np.packbits(spikes, bitorder="little").tobytes(), "weights": rows.tobytes()})
    groups = 20 * -(-m // 32)
    assert firmware.words("out", groups).any()
    assert np.array_equal(firmware.words("out", groups), firmware.words("fine_out", groups))
    assert np.array_equal(firmware.words("state", 2 * m), firmware.words("fine_state", 2 * m))
