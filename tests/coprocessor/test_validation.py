"""Every check of the descriptor tables (specification 6.1 to 6.8): code and address, on both implementations."""

from __future__ import annotations

from typing import Any

import pytest

from coprocessor.interface import Operation
from tests.coprocessor.implementations import BASE, IMPLEMENTATIONS, Machine
from tests.coprocessor.memory_image import Image
from tests.coprocessor.valid_image import Valid

both = pytest.mark.parametrize("kind", IMPLEMENTATIONS, ids=["native", "golden"])


Case = tuple[str, dict[int, int], int, int]


def delayed(mode: int, fmt: int = 0, depth: int = 2) -> int:
    """w3 of a SYN with a delay mode."""
    return fmt | mode << 10 | depth << 24


CASES: list[Case] = [
    ("pop", {0: 0x4E4D0102}, 26, 0),
    ("syn", {0: 0x4E4D0200}, 26, 0),
    ("pair", {0: 0x4E4D0303}, 26, 0),
    ("net", {0: 0x4E4D0402}, 26, 0),
    ("xfer", {0: 0x4E4D0502}, 26, 0),
    ("pop", {0: 0x4E4D0601}, 24, 0),
    ("pop", {0: 0x4E4E0101}, 24, 0),
    ("pop", {0: 0x4E4D0001}, 24, 0),
    # POP
    ("pop", {1: 0}, 24, 1),
    ("pop", {1: 65537}, 27, 1),
    *[("pop", {2: 1 | 1 << bit}, 24, 2) for bit in (13, 14, 15, 28, 31)],
    ("pop", {2: 8}, 26, 2),
    ("pop", {2: 8 | 1 << 13}, 24, 2),
    ("pop", {2: 1 | 3 << 10}, 24, 2),
    ("pop", {2: 3 | 1 << 16}, 24, 2),
    ("pop", {2: 1 | 7 << 24}, 27, 2),
    ("pop", {2: 3 | 1 << 16 | 7 << 24}, 24, 2),
    ("pop", {3: 1 << 11}, 24, 3),
    ("pop", {3: 3 << 3}, 24, 3),
    ("pop", {4: 1}, 24, 4),
    ("pop", {4: 1 << 29}, 24, 4),
    ("pop", {6: 0x20}, 24, 6),
    ("pop", {7: 1}, 24, 7),
    ("pop", {2: 0, 4: 1 << 16}, 24, 4),
    ("pop", {2: 5, 4: 3 << 11}, 24, 4),
    ("pop", {2: 5, 4: 1 << 14}, 24, 4),
    ("pop", {2: 5, 7: 1 << 17}, 24, 7),
    ("pop", {2: 4, 6: 1 << 11}, 24, 6),
    ("pop", {2: 7, 6: 0x200}, 24, 6),
    ("pop", {2: 3, 7: 0x2000}, 24, 7),
    ("pop", {2: 1 | 1 << 4, 4: 1, 11: BASE}, 24, 4),
    ("pop", {10: 0}, 24, 10),
    ("pop", {10: BASE + 2}, 25, 10),
    ("pop", {11: BASE}, 24, 11),
    ("pop", {2: 1 | 1 << 9}, 24, 11),
    ("pop", {2: 1 | 1 << 9, 11: BASE + 1}, 25, 11),
    ("pop", {12: 0}, 24, 12),
    ("pop", {12: BASE + 1}, 25, 12),
    ("pop", {13: BASE + 2}, 25, 13),
    ("pop", {14: 8}, 24, 14),
    ("pop", {2: 1 | 1 << 10, 13: 0, 14: 8}, 24, 14),
    ("pop", {2: 1 | 1 << 10, 14: 6}, 25, 14),
    ("pop", {2: 1 | 2 << 10, 14: 4}, 24, 14),
    ("pop", {2: 1 | 2 << 10 | 1 << 12, 14: 156}, 24, 14),
    ("pop", {15: BASE + 2}, 25, 15),
    # SYN
    ("free", {1: 0}, 24, 1),
    ("free", {1: 65537}, 27, 1),
    ("free", {2: 0}, 24, 2),
    ("free", {2: 70000}, 27, 2),
    *[("free", {3: 1 << bit}, 24, 3) for bit in (7, 18, 23, 28, 31)],
    ("free", {3: 8}, 26, 3),
    ("free", {3: 4 << 4}, 26, 3),
    ("free", {3: 3 << 10}, 24, 3),
    ("free", {3: 7 << 24}, 27, 3),
    ("free", {3: 1 << 12}, 24, 3),
    ("free", {3: 4 << 12 | 2 << 24}, 24, 3),
    ("conv", {3: delayed(2, 5), 8: BASE}, 26, 3),
    ("bar", {3: delayed(2, 6), 8: BASE}, 26, 3),
    ("square", {3: delayed(2, 7), 8: BASE}, 26, 3),
    ("bar", {3: 6 | 2 << 4}, 26, 3),
    ("free", {3: 3 << 4 | 1 << 8, 9: 0}, 24, 3),
    ("bar", {1: 257}, 27, 1),
    ("bar", {2: 257}, 27, 2),
    ("bar", {1: 257, 2: 257}, 27, 1),
    ("square", {2: 41}, 24, 2),
    ("free", {4: 25}, 24, 4),
    ("free", {5: 0}, 24, 5),
    ("free", {5: BASE + 2}, 25, 5),
    ("csr", {5: 0}, 24, 5),
    ("conv", {5: BASE + 2}, 25, 5),
    ("bar", {5: BASE + 1}, 25, 5),
    ("free", {6: 4}, 24, 6),
    ("free", {7: 4}, 24, 7),
    ("csr", {6: 0}, 24, 6),
    ("csr", {6: BASE + 2}, 25, 6),
    ("csr", {7: 0}, 24, 7),
    ("csr", {7: BASE + 1}, 25, 7),
    ("bar", {6: 0}, 24, 6),
    ("bar", {7: BASE + 1}, 25, 7),
    ("square", {6: BASE}, 24, 6),
    ("free", {8: BASE}, 24, 8),
    ("free", {3: delayed(1)}, 24, 8),
    ("free", {3: delayed(2), 8: BASE + 1}, 25, 8),
    ("free", {9: 0}, 24, 9),
    ("free", {9: BASE + 2}, 25, 9),
    ("free", {3: 3 << 4, 9: 4}, 24, 9),
    ("free", {10: 4}, 24, 10),
    ("free", {3: 1 << 8}, 24, 10),
    ("free", {3: 1 << 8, 10: 6}, 25, 10),
    ("free", {1: 33, 3: 2 << 8, 10: 4}, 24, 10),
    ("free", {3: 2 << 4 | 3 << 8, 10: 116}, 24, 10),
    ("free", {3: 1 << 4 | 1 << 8}, 24, 10),
    ("free", {11: 0}, 24, 11),
    ("free", {11: BASE + 2}, 25, 11),
    *[("free", {k: 1}, 24, k) for k in (13, 14, 15)],
    ("conv", {13: 6 | 5 << 12 | 1 << 24}, 24, 13),
    ("conv", {13: 5 << 12}, 24, 13),
    ("conv", {13: 6}, 24, 13),
    *[("conv", {14: (2 | 3 << 10 | 3 << 20 | 1 << 24 | 1 << 28) & ~mask}, 24, 14) for mask in (0x3FF, 0xFFC00)],
    *[("conv", {14: (2 | 3 << 10 | 3 << 20 | 1 << 24 | 1 << 28) & ~mask}, 24, 14) for mask in (0xF << 20, 0xF << 24)],
    ("conv", {14: 2 | 3 << 10 | 8 << 20 | 1 << 24 | 1 << 28}, 24, 14),
    ("conv", {15: 2}, 24, 15),
    ("conv", {15: 1}, 24, 15),
    ("conv", {1: 61}, 24, 1),
    ("conv", {2: 91}, 24, 2),
    ("syn", {2: 41}, 24, 2),
    ("syn", {11: BASE}, 24, 11),
    ("syn", {3: 1 << 24}, 24, 3),
    # RULE
    ("pair", {1: 16}, 24, 1),
    ("pair", {1: 5}, 26, 1),
    ("pair", {2: 0}, 24, 2),
    ("pair", {3: 8}, 24, 3),
    ("pair", {4: 1 << 16}, 24, 4),
    ("pair", {4: 0x0001}, 24, 4),
    ("pair", {5: 0x800}, 24, 5),
    ("pair", {7: 0x8000}, 24, 7),
    ("pair", {8: 0x8000}, 24, 8),
    ("pair", {10: 0x2000}, 24, 10),
    ("pair", {11: 0x8000}, 24, 11),
    ("pair", {12: 0x2000}, 24, 12),
    ("pair", {13: 0}, 24, 13),
    ("pair", {13: BASE + 1}, 25, 13),
    ("pair", {14: 0}, 24, 14),
    ("pair", {14: BASE + 1}, 25, 14),
    ("pair", {15: BASE}, 24, 15),
    ("reward", {15: 0}, 24, 15),
    ("reward", {15: BASE + 1}, 25, 15),
    ("pair", {16: 0}, 24, 16),
    ("pair", {17: BASE}, 24, 17),
    ("eprop", {17: 0}, 24, 17),
    ("eprop", {17: BASE + 2}, 25, 17),
    ("eprop", {13: 0}, 24, 13),
    ("sdsp", {14: 0}, 24, 14),
    ("sdsp", {13: BASE + 1}, 25, 13),
    ("pair", {18: 1}, 24, 18),
    ("pair", {19: 1}, 24, 19),
    # NET and XFER
    ("net", {1: 0}, 24, 1),
    ("net", {1: 256}, 27, 1),
    ("net", {2: 1}, 24, 2),
    ("net", {3: 1}, 24, 3),
    ("net", {4: 0x201}, 24, 4),
    ("net", {4: 0x101}, 24, 4),
    ("net", {4: 0x100}, 24, 4),
    ("net", {4: 0}, 26, 4),
    ("net", {4: 4}, 26, 4),
    ("net", {5: 0}, 24, 5),
    ("net", {8: 4}, 26, 8),
    ("net", {9: 0}, 24, 9),
    ("xfer", {1: 0}, 24, 1),
    ("xfer", {1: 65537}, 27, 1),
    ("xfer", {2: 0}, 24, 2),
    ("xfer", {2: BASE + 2}, 25, 2),
    ("xfer", {3: 0}, 24, 3),
    ("xfer", {3: BASE + 1}, 25, 3),
    *[("xfer", {k: 1}, 24, k) for k in (5, 6, 7)],
]
"""Descriptor, changed words, code, word of the error."""


def name_of(case: Case) -> str:
    """A readable test name."""
    return f"{case[0]}-{','.join(f'w{k}={v:x}' for k, v in case[1].items())}-{case[2]}"


def checked(kind: Any, image: Image, address: int, ctl: int = 5) -> tuple[int, int, int]:
    """nm.check: code (0 if good), nm_err, nm_eaddr."""
    machine = Machine(kind, image.ram, ctl)
    machine.write("err", 99)
    machine.write("eaddr", 99)
    assert machine.issue(Operation.CHECK, address) == 0
    assert machine.unit.cycles == 1
    return -machine.unit.result & 0xFFFF_FFFF, machine.read("err"), machine.read("eaddr")


@both
@pytest.mark.parametrize("name", Valid().addresses())
def test_valid(kind: Any, name: str) -> None:
    valid = Valid()
    assert checked(kind, valid.image, getattr(valid, name)) == (0, 0, 0)


@both
@pytest.mark.parametrize("case", CASES, ids=[name_of(case) for case in CASES])
def test_check(kind: Any, case: Case) -> None:
    name, changes, code, word = case
    valid = Valid()
    address = getattr(valid, name)
    for k, value in changes.items():
        valid.image.put(address + 4 * k, value)
    assert checked(kind, valid.image, address) == (code, code, address + 4 * word)


@both
@pytest.mark.parametrize(("offset", "code"), [(4, 25), (1, 25)])
def test_misaligned_operand(kind: Any, offset: int, code: int) -> None:
    valid = Valid()
    assert checked(kind, valid.image, valid.pop + offset) == (code, code, valid.pop + offset)


@both
@pytest.mark.parametrize(("owner", "word"), [("syn", 12), ("pair", 2), ("pair", 16), ("net", 5)])
def test_misaligned_descriptor_pointer(kind: Any, owner: str, word: int) -> None:
    """The address reported is the misaligned address itself (6.1)."""
    valid = Valid()
    place = getattr(valid, owner) + 4 * word
    valid.image.put(place, valid.data + 8)
    assert checked(kind, valid.image, getattr(valid, owner)) == (25, 25, valid.data + 8)


@both
@pytest.mark.parametrize(
    ("name", "change", "code", "place"),
    [
        ("pair", ("syn", 3, 1), 26, ("syn", 3)),
        ("pair", ("syn", 3, 1 << 4), 26, ("syn", 3)),
        ("pair", ("pair", 1, 2), 26, ("syn", 3)),
        ("pair", ("pop", 13, 0), 24, ("pop", 13)),
        ("pair", ("pop", 2, 1 | 1 << 12), 26, ("pop", 2)),
        ("sdsp", ("pop", 2, 4), 26, ("pop", 2)),
        ("eprop", ("pop", 2, 7), 26, ("pop", 2)),
        ("net", ("pop", 1, 0), 24, ("pop", 1)),
        ("net", ("pair", 18, 1), 24, ("pair", 18)),
        ("net", ("syn", 4, 25), 24, ("syn", 4)),
    ],
)
def test_trees(kind: Any, name: str, change: Any, code: int, place: Any) -> None:
    """Errors below the descriptor that is checked."""
    valid = Valid()
    valid.image.put(getattr(valid, change[0]) + 4 * change[1], change[2])
    location = getattr(valid, place[0]) + 4 * place[1]
    assert checked(kind, valid.image, getattr(valid, name)) == (code, code, location)


@both
def test_rule_and_population_of_different_size(kind: Any) -> None:
    valid = Valid()
    other = valid.image.pop(41, state=valid.data, cur=valid.data, out=valid.data)
    valid.image.put(valid.pair + 64, other)
    assert checked(kind, valid.image, valid.pair) == (24, 24, valid.pair + 64)


@both
def test_types_where_another_is_expected(kind: Any) -> None:
    valid = Valid()
    for owner, word, target in (("syn", 12, "free"), ("pair", 2, "pop"), ("pair", 16, "syn"), ("net", 5, "pop")):
        valid = Valid()
        valid.image.put(getattr(valid, owner) + 4 * word, getattr(valid, target))
        assert checked(kind, valid.image, getattr(valid, owner)) == (24, 24, getattr(valid, target))


@both
def test_words_are_loaded_before_they_are_checked(kind: Any) -> None:
    """A descriptor across the end of RAM: the load fault comes before the bad word, and traps as 4.5 says."""
    for length, header in ((64, 0x4E4D0102), (64, 0x4E4D0201), (80, 0x4E4D0301), (16, 0x4E4D0401), (32, 0x4E4D0501)):
        image = Image(256)
        address = BASE + 256 - 16
        image.put(address, header)
        machine = Machine(kind, image.ram)
        outcome = machine.issue(Operation.CHECK, address)
        if length == 16:
            assert (outcome, machine.unit.result) == (0, -24 & 0xFFFF_FFFF)
            continue
        assert (outcome, machine.unit.cause, machine.unit.tval, machine.unit.cycles) == (2, 5, BASE + 256, 0)
        machine.unit.ctl = 1
        assert machine.issue(Operation.CHECK, address) == 0
        assert (machine.unit.result, machine.read("err"), machine.unit.cycles) == (-5 & 0xFFFF_FFFF, 5, 1)


@both
def test_net_entries_are_loaded_one_by_one(kind: Any) -> None:
    """A bad first entry is reported although the second lies outside RAM."""
    image = Image(256)
    address = BASE + 256 - 32
    image.put(address, 0x4E4D0401, 3, 0, 0, 0, BASE)
    machine = Machine(kind, image.ram)
    assert machine.issue(Operation.CHECK, address) == 0
    assert (machine.read("err"), machine.read("eaddr")) == (26, address + 16)
    image.put(address, 0x4E4D0401, 3, 0, 0, 2, 0, 1, BASE)
    machine = Machine(kind, image.ram)
    machine.issue(Operation.CHECK, address)
    assert (machine.read("err"), machine.read("eaddr")) == (24, address + 20)


@both
def test_layer_needs_a_population(kind: Any) -> None:
    valid = Valid()
    for ctl, outcome in ((5, 2), (1, 0)):
        machine = Machine(kind, valid.image.ram, ctl)
        assert machine.issue(Operation.LAYER, valid.free, 2) == outcome
        assert (machine.read("err"), machine.read("eaddr")) == (24, valid.free + 48)


@both
def test_source_override_is_checked_after_the_tree(kind: Any) -> None:
    valid = Valid()
    machine = Machine(kind, valid.image.ram)
    for operation in (Operation.SYN, Operation.LAYER):
        assert machine.issue(operation, valid.syn, 6) == 2
        assert (machine.unit.cause, machine.unit.tval) == (25, 6)
    valid.image.put(valid.pop + 4, 0)
    machine = Machine(kind, valid.image.ram)
    assert machine.issue(Operation.SYN, valid.syn, 6) == 2
    assert (machine.unit.cause, machine.unit.tval) == (24, valid.pop + 4)
    valid = Valid()
    valid.image.put(valid.free + 12, 3 << 4)
    valid.image.put(valid.free + 36, 2)
    assert Machine(kind, valid.image.ram).issue(Operation.SYN, valid.free, 6) == 0, "ignored with a queue"
