"""The worked example of every register-level instruction (specification chapter 5), on both implementations."""

from __future__ import annotations

import pytest

from coprocessor.interface import REGISTER_INSTRUCTIONS
from tests.coprocessor.implementations import IMPLEMENTATIONS, Machine

EXAMPLES: list[tuple[str, dict[str, int], tuple[int, ...], int, dict[str, int]]] = [
    ("popc", {}, (0xF0F0000F,), 0xC, {}),
    ("andpop", {}, (0xFF00FF00, 0xFF00FF0), 0x8, {}),
    ("xnorpop", {}, (0xFFFF0000, 0xFF00FF00), 0x0, {}),
    ("ffs", {}, (0xA0,), 0x5, {}),
    ("clrlsb", {}, (0xA0,), 0x80, {}),
    ("spush", {}, (0x80000005, 0x1), 0xB, {}),
    ("evpk", {}, (0x123, 0x45678), 0x12345678, {}),
    ("evad", {}, (0x12345678,), 0x45678, {}),
    ("evts", {}, (0x12345678,), 0x123, {}),
    ("sacc8", {}, (0x64, 0x80FF0305, 0xB), 0xFFFFFFEC, {}),
    ("sacc4", {}, (0x0, 0x8F735210, 0xFF), 0x9, {}),
    ("sacct", {}, (0xA, 0x40000007, 0x8003), 0xB, {}),
    ("saccb", {}, (0x0, 0xF, 0xFE), 0xFFFFFFFF, {}),
    ("dot8", {}, (0x0, 0x1FE0380, 0x203047F), 0xFFFFC088, {}),
    ("vadds", {}, (0x7FFF0010, 0x1FFF0), 0x7FFF0000, {}),
    ("vwadl", {}, (0x640064, 0xFF05), 0x630069, {}),
    ("vwadh", {}, (0x640064, 0xFF050000), 0x630069, {}),
    ("tnsyn", {"nm_rng": 0x1}, (0x28, 0x264), 0x29, {"nm_rng": 0x42021}),
    ("dec", {}, (0xFFFFFC18, 0xE61), 0xFFFFFC7E, {}),
    ("decs", {}, (0xFFFFFFF9, 0x3), 0xFFFFFFFA, {}),
    ("integ", {"nm_p1": 0x5, "nm_p2": 0x6, "nm_mode": 0x1A0}, (0x384, 0x3), 0x449, {}),
    (
        "lif",
        {"nm_p0": 0xE660000, "nm_p2": 0x2, "nm_vth": 0x3E8, "nm_mode": 0x8},
        (0x3E8, 0x1E),
        0x13,
        {"nm_spk": 0x80000000},
    ),
    ("cubi", {"nm_p0": 0x800, "nm_p2": 0x6, "nm_mode": 0x1A0}, (0x7FFFFF, 0x11170), 0xFF845BFF, {}),
    ("cubv", {"nm_p0": 0xE610000, "nm_mode": 0x1A0}, (0x12C, 0x40), 0x14D, {}),
    ("thr", {"nm_vth": 0x180, "nm_mode": 0x8, "nm_spk": 0x80000000}, (0x190,), 0x10, {"nm_spk": 0xC0000000}),
    ("cmp", {"nm_mode": 0x4}, (0x5, 0x5), 0x1, {"nm_spk": 0x80000000}),
    ("athd", {"nm_p3": 0xFA0, "nm_vth": 0x280}, (0x668,), 0x650, {}),
    (
        "izh",
        {"nm_mode": 0x4, "nm_p0": 0x199A028F, "nm_p1": 0x800BF00, "nm_p2": 0x100, "nm_vth": 0x1E00},
        (0xF300BF00, 0xA00),
        0xF300C295,
        {},
    ),
    ("tn", {"nm_mode": 0x60, "nm_p0": 0x1FB, "nm_vth": 0x64, "nm_p1": 0x32}, (0x5A, 0x14), 0x0, {"nm_spk": 0x80000000}),
    ("sdsig", {"nm_mode": 0x20, "nm_p2": 0x2}, (0x64, 0xFFFFFFF9), 0x48, {}),
    ("sdact", {"nm_p1": 0xA, "nm_p2": 0x100}, (0xFFFFFFE7,), 0x0, {}),
    ("sdthr", {"nm_vth": 0x10, "nm_mode": 0x4}, (0xFFFFFFF0,), 0xFFFFFFF0, {"nm_spk": 0x80000000}),
    ("rnd", {"nm_rng": 0x1}, (), 0x42021, {"nm_rng": 0x42021}),
    ("rndn", {"nm_rng": 0x6E6D0001}, (0x8,), 0x3, {"nm_rng": 0x3C5A1D7}),
    ("srsr", {"nm_rng": 0x6E6D0001}, (0x3E8, 0x4), 0x3E, {"nm_rng": 0x3C5A1D7}),
    ("srnr", {}, (0xFFFFFFE8, 0x4), 0xFFFFFFFF, {}),
    ("srtz", {}, (0xFFFFFFE8, 0x4), 0xFFFFFFFF, {}),
    ("bern", {"nm_rng": 0x6E6D0001}, (0x8000,), 0x1, {"nm_rng": 0x3C5A1D7}),
    ("sat", {}, (0x11170, 0x10), 0x7FFF, {}),
    ("trd", {"nm_lmode": 0x0}, (0x1000080, 0xE740ED8), 0xE70076, {}),
    ("tri", {}, (0x7F800080, 0x1000100), 0x7FFF0180, {}),
    ("wadd8", {"nm_wlim": 0x4000}, (0x3F010510, 0x5FF0120), 0x40000630, {}),
    ("stdw", {"nm_lmode": 0x2, "nm_wlim": 0x7F80}, (0x14, 0xFFFFF448, 0xA), 0x11, {}),
    ("eld", {"nm_lmode": 0x0}, (0x3E8, 0x1400, 0x60FA0), 0x420, {}),
    ("bltp", {"nm_l0": 0x200, "nm_rng": 0x6E6D0001}, (0x1, 0xF), 0x7, {"nm_rng": 0xBCDEE454}),
    ("bltd", {"nm_l0": 0x2000000, "nm_rng": 0x6E6D0001}, (0xFF, 0xF), 0xF4, {"nm_rng": 0x6ADEDBBE}),
    ("sdsp", {"nm_l1": 0x32, "nm_l2": 0x90003, "nm_l3": 0xD}, (0x28, 0x5), 0xFFFFFFFF, {}),
    ("eph", {"nm_vth": 0x3E8, "nm_lmode": 0x800}, (0x1F4,), 0x3, {}),
    (
        "epw",
        {"nm_lmode": 0x20000, "nm_wlim": 0x7F80, "nm_rng": 0x6E6D0001},
        (0x5, 0xFFFFFD44, 0x12C),
        0x4,
        {"nm_rng": 0x3C5A1D7},
    ),
]
"""Mnemonic, CSRs before, operands (rd first if it is read), rd after, CSRs that change."""


def test_every_instruction_has_an_example() -> None:
    assert {row[0] for row in EXAMPLES} == set(REGISTER_INSTRUCTIONS)


@pytest.mark.parametrize("kind", IMPLEMENTATIONS, ids=["native", "golden"])
@pytest.mark.parametrize("example", EXAMPLES, ids=[row[0] for row in EXAMPLES])
def test_example(kind: type, example: tuple[str, dict[str, int], tuple[int, ...], int, dict[str, int]]) -> None:
    name, before, operands, result, after = example
    machine = Machine(kind, bytes(16))
    for csr, value in before.items():
        machine.write(csr[3:], value)
    expected = machine.unit.state()
    for csr, value in after.items():
        expected["csr"][csr[3:]] = value
    assert getattr(machine.unit, name)(*operands) == result
    assert machine.unit.state() == expected
