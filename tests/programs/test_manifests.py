"""Every program folder is complete and its manifest names what exists."""

from __future__ import annotations

import pytest

from iss.cli.programs import read_program
from tests.programs.catalogue import COMMON, PROGRAMS, Form, forms, program_names


def test_every_folder_is_a_program() -> None:
    others = {COMMON, PROGRAMS / "extensions"}
    assert program_names() == sorted(path.name for path in PROGRAMS.iterdir() if path.is_dir() and path not in others)


@pytest.mark.parametrize("name", program_names())
def test_program_folder_is_complete(name: str) -> None:
    program = read_program(PROGRAMS / name)
    assert program.name == name
    assert program.description
    assert (PROGRAMS / name / "README.md").is_file()
    assert f"`{name}`" in (PROGRAMS / "README.md").read_text()
    assert program.expectation()["exit_code"] == 0


@pytest.mark.parametrize("form", forms(), ids=lambda form: f"{form.program}-{form.name}")
def test_symbols_of_the_manifest_exist_in_every_form(form: Form) -> None:
    program = read_program(PROGRAMS / form.program)
    addresses = form.assemble().names
    assert set(program.measure or ()) <= set(addresses)
    for record in program.records.values():
        start = addresses[record.name]
        behind = min((address for address in addresses.values() if address > start), default=start + record.size)
        assert behind - start >= record.size, record.name
