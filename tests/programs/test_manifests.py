"""Every program folder is complete and its manifest names what exists."""

from __future__ import annotations

import re
from math import prod

import pytest

from iss.memory.finisher import Finish
from iss.memory.map import MemoryMap
from tests.programs.catalogue import COMMON, PROGRAMS, expectation, manifest

NAMES = sorted(path.name for path in PROGRAMS.iterdir() if path.is_dir() and path != COMMON)
KIND_BITS = {"bitmap": 1, "u8": 8, "s32": 32}


@pytest.mark.parametrize("name", NAMES)
def test_program_folder_is_complete(name: str) -> None:
    content = manifest(name)
    assert content["name"] == name
    assert content["description"]
    assert content["default"] in content["forms"]
    for form in content["forms"].values():
        assert (PROGRAMS / name / form["source"]).is_file()
        assert form["isa"].startswith("rv32im")
    assert (PROGRAMS / name / "README.md").is_file()
    expected = expectation(name)
    assert isinstance(expected["exit_code"], int)
    assert isinstance(expected["output"], str)
    for record in content.get("records", {}).values():
        assert record["kind"] in KIND_BITS
        assert prod(record["shape"]) > 0


def symbols(text: str) -> dict[str, int]:
    return {name: int(value, 0) for name, value in re.findall(r"^\s*\.equ (\w+), (\w+)", text, re.MULTILINE)}


def test_device_addresses_are_those_of_the_machine() -> None:
    found, memory = symbols((COMMON / "platform.inc").read_text()), MemoryMap()
    assert found["RAM"] == memory.ram.base
    assert found["UART"] == memory.uart.base
    assert found["FINISHER"] == memory.exit_device.base
    assert found["CLINT"] == memory.clint.base
    assert all(memory.clint.covers(found[name]) for name in found if name.startswith("CLINT_"))
    assert (found["FINISHER_PASS"], found["FINISHER_FAIL"]) == (Finish.PASS, Finish.FAIL)
