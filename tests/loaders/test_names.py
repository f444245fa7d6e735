"""Names of addresses: functions with and without extent, labels, objects, several symbols at one place."""

from __future__ import annotations

import pytest

from iss.loaders.image import Symbol
from iss.loaders.names import Names

NAMES = Names(
    [
        Symbol("loop", 0x1010, 0, "label"),
        Symbol("main", 0x1000, 0x40, "function"),
        Symbol("alias", 0x1000, 0, "label"),
        Symbol("zeta", 0x1040, 0, "label"),
        Symbol("helper", 0x1040, 0, "label"),
        Symbol("table", 0x2000, 8, "object"),
        Symbol("constant", 0x2000, 0, "absolute"),
    ]
)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (0xFFF, None),
        (0x1000, "main"),
        (0x1010, "main"),
        (0x103C, "main"),
        (0x1040, "helper"),
        (0x1100, "helper"),
        (0x2000, "helper"),
    ],
)
def test_functions(address: int, name: str | None) -> None:
    found = NAMES.function(address)
    assert (found and found.name) == name


@pytest.mark.parametrize(
    ("address", "name"),
    [(0x1000, "main"), (0x1010, "loop"), (0x1004, "main+0x4"), (0x2000, "table"), (0x2004, "table+0x4")],
)
def test_names(address: int, name: str) -> None:
    assert NAMES.at(address) == name


@pytest.mark.parametrize("address", [0, 0x1044, 0x2008, 0xFFFF_FFFF])
def test_addresses_without_a_name(address: int) -> None:
    assert NAMES.at(address) == f"{address:#010x}"
