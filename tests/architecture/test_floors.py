"""Reads every import of the installed packages and holds it against the floors."""

from __future__ import annotations

import sys

import pytest

from tests.architecture.floors import AREAS, area_of, may_import
from tests.architecture.repository import ROOT, imports, module_name, project_files

PACKAGES = ("asm", "coprocessor", "iss")
FOR_THE_TYPE_CHECKER = ("typing_extensions",)  # comes with it
SOURCES = [path for path in project_files() if path.suffix == ".py" and path.parts[0] in PACKAGES]


def test_every_module_has_a_floor() -> None:
    """A new package of `iss` belongs into the table first."""
    assert SOURCES
    assert not [str(path) for path in SOURCES if area_of(module_name(path)) is None and module_name(path) != "iss"]


def test_rows_point_down() -> None:
    """Rows name lower areas, and of their own floor single modules only, so that floors stay floors."""
    for name, area in AREAS.items():
        for target in area.imports.split():
            below = area_of(target)
            assert below is not None, f"{name} names {target}, which has no row"
            assert AREAS[below].floor <= area.floor, f"{name} names {target} of a higher floor"
            is_package = (ROOT / target.replace(".", "/")).is_dir()
            assert AREAS[below].floor < area.floor or not is_package, f"{name} names all of {target} on its own floor"


def test_imports_are_those_of_the_table() -> None:
    """Every import of the project inside the project, also those inside functions."""
    wrong = [
        f"{path}:{line}: {name} is not among {AREAS[area_of(module_name(path)) or 'iss.errors'].imports!r}"
        for path in SOURCES
        for line, name in imports(path)
        if name.split(".")[0] in (*PACKAGES, "tests", "tools") and not may_import(module_name(path), name)
    ]
    assert not wrong, "\n".join(wrong)


def test_libraries_are_those_of_the_table() -> None:
    """The lowest floor has the standard library alone; others have what is listed."""
    wrong = []
    for path in SOURCES:
        allowed = AREAS[area_of(module_name(path)) or "iss.errors"].libraries.split()
        for line, name in imports(path):
            top = name.split(".")[0]
            if top not in (*PACKAGES, *allowed, *FOR_THE_TYPE_CHECKER) and top not in sys.stdlib_module_names:
                wrong.append(f"{path}:{line}: {top} is not among the libraries of this area: {allowed}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("importer", "imported", "allowed"),
    [
        ("iss.isa.rv32i", "iss.errors.NeuroHartError", True),
        ("iss.isa.rv32i", "iss.memory.map.MemoryMap", False),
        ("iss.memory.bus", "iss.hart.hart.Hart", False),
        ("iss.loaders.elf", "iss.memory.map.MemoryMap", True),
        ("iss.loaders.elf", "iss.memory.bus.Bus", False),
        ("iss.engines.interpreter", "iss.memory.device.BusError", True),
        ("iss.engines.interpreter", "iss.memory.clint.Clint", False),
        ("iss.engines.interpreter", "iss.machine.Machine", False),
        ("iss.cli.run", "iss.machine.Machine", True),
        ("coprocessor.golden.state", "iss.isa.registers", False),
        ("coprocessor.golden.state", "coprocessor.instructions.EXTENSIONS", False),
        ("coprocessor.instructions", "iss.isa.definitions.InstructionSet", True),
        ("iss.builtin", "coprocessor.instructions.EXTENSIONS", True),
        ("iss.builtin", "coprocessor.golden.Coprocessor", False),
        ("iss.nowhere.module", "iss.errors", False),
        ("asm.linker", "tests.oracles.spike", False),
    ],
)
def test_the_table_forbids_what_it_should(importer: str, imported: str, allowed: bool) -> None:
    """The tests above would find a violation."""
    assert may_import(importer, imported) is allowed
