"""The firmware macros: descriptors as the specification draws them, and a layer equal to the engine's."""

from __future__ import annotations

import numpy as np
import pytest

import asm
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
    .equ VTH, 400
    .equ OUT, {out_words}               # words of output a step
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
    la   a3, own
    call update
    addi s1, s1, 4 * ((N + 31) / 32)
    li   t0, 4 * OUT
    add  s2, s2, t0
    addi s0, s0, -1
    bnez s0, 1b
    csrr s3, nm_rng
    li   t0, 1
    csrw nm_rng, t0                     # both start with the same random numbers
    la   a0, network
    li   a1, STEPS
    nm.run a0, a0, a1
    csrr t0, nm_rng
    la   t1, random
    sw   t0, 0(t1)
    sw   s3, 4(t1)
{finish}
    nm_rows rows, n=N, m=M, exponent=3
    nm_load load, mode=MODE, {parameters}, vth=VTH
    nm_update update, n=M, profile={profile}, {options}
    .data
    nm_pop pop, n=M, profile=NM_{profile}, mode=MODE, {parameters}, vth=VTH, state=state, cur=cur, \
        out=out, omode=NM_STREAM, stride=4 * OUT, {fields}
    nm_syn syn, n=N, m=M, source=input, cur=cur, weights=weights, smode=NM_STREAM, stride=4 * ((N + 31) / 32), \
        exponent=3, pop=pop
    nm_net network, NM_SYN, syn, NM_UPD | NM_OUT, pop
    .bss
    .balign 4
random:     .space 8
input:      .space 4 * STEPS * ((N + 31) / 32)
weights:    .space N * ((M + 3) & -4)
own:        .space 24 * M
state:      .space 16 * M
fine_state: .space 16 * M
cur:        .space 4 * M
fine_cur:   .space 4 * M
out:        .space 4 * STEPS * OUT
fine_out:   .space 4 * STEPS * OUT
"""


COMMON = "p1=3, p2=2, vrst=-5"
LAYERS = {
    "IF": ("IF", "NM_RESET_SUBTRACT", COMMON, ""),
    "IF, refractory": ("IF", "NM_GREATER_EQUAL", COMMON, "refractory=200"),
    "LIF": ("LIF", "NM_WIDTH_16 | NM_GREATER_EQUAL | NM_ROUND_STOCHASTIC", COMMON + ", p0=3600 << 16", ""),
    "LIF, refractory, its own P1, VTH": (
        "LIF",
        "NM_ROUND_STOCHASTIC",
        COMMON + ", p0=4000 << 16",
        "refractory=3, own=0x12",
    ),
    "LIF, spikes as numbers": ("LIF", "NM_ROUND_FLOOR", COMMON + ", p0=4000 << 16", "graded=1"),
    "CUBA": ("CUBA", "NM_WIDTH_24 | NM_SYMMETRIC | NM_WRAP_CURRENT", COMMON + ", p0=2000 | 3600 << 16", ""),
    "CUBA, old current": (
        "CUBA",
        "NM_OLD_CURRENT | NM_RESET_SUBTRACT",
        COMMON + ", p0=2000 | 3600 << 16",
        "old_current=1",
    ),
    "CUBA, refractory, its own P0, VTH, VRST": (
        *("CUBA", "NM_ROUND_STOCHASTIC | NM_GREATER_EQUAL", COMMON + ", p0=2000 | 3600 << 16"),
        "refractory=2, own=0x31",
    ),
    "ALIF": ("ALIF", "NM_ROUND_STOCHASTIC", COMMON + ", p0=2000 | 3600 << 16, p3=3900 | 3000 << 16", ""),
    "ALIF, old current, its own P3, VRST": (
        *("ALIF", "NM_OLD_CURRENT | NM_GREATER_EQUAL", COMMON + ", p0=2000 | 3600 << 16, p3=3900 | 3000 << 16"),
        "old_current=1, own=0x28",
    ),
    "IZH": ("IZH", "0", COMMON + ", p0=655 | 6553 << 16", ""),
    "IZH, its own P0 to P3, VTH": ("IZH", "0", COMMON + ", p0=655 | 6553 << 16", "own=0x1F"),
    "TN": ("TN", "NM_WIDTH_20", COMMON + ", p0=5", ""),
    "TN, random leak and threshold": ("TN", "NM_WIDTH_20", COMMON + ", p0=5 | 1 << 9, p3=255", "own=0x10"),
    "LI": ("LI", "NM_ROUND_HALF_UP", "p0=3900 << 16, p1=1", "graded=1"),
    "LI, no spikes": ("LI", "NM_GREATER_EQUAL", "p0=3900 << 16, p1=1", ""),
    "SD": ("SD", "NM_GREATER_EQUAL", "p1=1, p2=0x101", "graded=1"),
    "SD, spikes, its own P2": ("SD", "NM_WIDTH_16", "p1=1, p2=0x101", "own=4"),
}
"""Profile, MODE, parameters, options; `own` is per_neuron."""


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(("n", "m"), [(40, 33), (32, 64), (5, 3), (3, 600)])
def test_layer_equals_engine(name: str, n: int, m: int) -> None:
    """Outputs, state and random numbers; 600 neurons are too many for the offsets of loads."""
    profile, mode, parameters, options = LAYERS[name]
    chosen = {key: int(value, 0) for key, _, value in (part.partition("=") for part in options.split(", ") if part)}
    own = chosen.pop("own", 0)
    fields = {key: value for key, value in chosen.items() if key != "old_current"}
    if own:
        chosen["per_neuron"] = fields["per_neuron"] = own
    written = [", ".join(f"{key}={value}" for key, value in given.items()) for given in (chosen, fields)]
    out_words = m if "graded" in chosen else -(-m // 32)
    text = LAYER.format(
        n=n,
        m=m,
        profile=profile,
        mode=mode,
        parameters=parameters,
        finish=FINISH,
        options=written[0],
        fields=written[1] + (", parameters=own" if own else ""),
        out_words=out_words,
    )
    spikes = np.zeros((20, -(-n // 32) * 32), dtype=np.uint8)
    spikes[:, :n] = raster(20, n)
    spikes[:, n:] = 1  # bits beyond n are ignored
    rows = np.zeros((n, -(-m // 4) * 4), dtype=np.int8)
    rows[:, :m] = generator().integers(-60, 128, (n, m))
    values = generator().integers(0, 300, (own.bit_count(), m))
    for index, bit in enumerate(bit for bit in range(6) if own >> bit & 1):
        values[index] = {0: 3000 + (values[index] << 16), 2: 0x100 + values[index] % 4}.get(bit, values[index])
    firmware = Firmware(text)
    packed = np.packbits(spikes, bitorder="little").tobytes()
    firmware.run({"input": packed, "weights": rows.tobytes(), "own": values.astype("<i4").tobytes()})
    assert firmware.words("out", 20 * out_words).any() == (name != "LI, no spikes")
    for words, count in (("out", 20 * out_words), ("state", 4 * m), ("cur", m)):
        assert np.array_equal(firmware.words(words, count), firmware.words(f"fine_{words}", count)), words
    engine = firmware.words("random", 2)
    assert engine[0] == engine[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("profile=LIFE", "the profile is IF, LIF, CUBA, ALIF, IZH, TN, LI or SD"),
        ("profile=TN, refractory=2", "refractory periods are for IF, LIF and CUBA"),
    ],
)
def test_layer_errors(options: str, message: str) -> None:
    text = f'    .include "nm_layer.inc"\n    .globl _start\n_start:\n    nm_update update, n=3, {options}\n'
    with pytest.raises(asm.AssemblyError) as raised:
        Firmware(text)
    assert message in str(raised.value) and str(raised.value).count("error:") == 1
