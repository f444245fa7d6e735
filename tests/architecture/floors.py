"""The floors of the project, in one place: who may import what. A new package gets a row here before its first file.

An area is a package or a module. Its row lists all that it may import of the project: areas of lower floors, whole or
some modules of them, and single modules of its own floor. The libraries are those beside the standard one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Area:
    """A row of the table; names are separated by blanks."""

    floor: int
    imports: str = ""
    libraries: str = ""


AREAS: dict[str, Area] = {
    # 0: imported by the build, so the standard library is all there is
    "iss.errors": Area(0),
    "iss.isa": Area(0, "iss.errors"),
    # 0: usable without the simulator
    "coprocessor": Area(0, libraries="cffi numpy matplotlib"),
    # 1: what a machine is made of
    "coprocessor.instructions": Area(1, "iss.isa coprocessor"),
    "coprocessor.c_header": Area(1, "iss.isa coprocessor coprocessor.instructions"),
    "iss.builtin": Area(
        1, "iss.errors iss.isa coprocessor.errors coprocessor.interface coprocessor.instructions coprocessor.binding"
    ),
    "iss.memory": Area(1, "iss.errors iss.isa"),
    "iss.loaders": Area(1, "iss.errors iss.memory.map iss.memory.ram", "elftools intelhex"),
    "iss.hart": Area(1, "iss.errors iss.isa iss.memory.bus iss.memory.device"),
    # 2: engines know the bus, never a device
    "iss.engines": Area(
        2,
        "iss.errors iss.isa iss.builtin iss.hart iss.memory.bus iss.memory.device iss.memory.ram iss.trace.events",
        "cffi",
    ),
    "iss.trace": Area(
        2,
        "iss.errors iss.isa iss.builtin iss.loaders iss.hart.timing iss.engines._interpreter asm.disassembler "
        "coprocessor.interface coprocessor.energy",  # what words, addresses and commands are called and cost
        "numpy",
    ),
    "asm": Area(
        2,
        "iss.errors iss.isa iss.builtin coprocessor.instructions iss.loaders iss.memory.map",
        "riscv_assembler intelhex",
    ),
    # 3: whole machines
    "iss.machine": Area(3, "iss.errors iss.isa iss.builtin iss.memory iss.loaders iss.hart iss.engines iss.trace"),
    "iss.debug": Area(
        3,
        "iss.errors iss.isa iss.builtin iss.memory iss.loaders iss.hart iss.trace iss.machine asm "
        "iss.engines.engine iss.engines.profile "  # what a machine that plays a trace is
        "coprocessor.csrs coprocessor.energy coprocessor.golden coprocessor.interface coprocessor.binding",
        "numpy",
    ),
    "iss.extension": Area(
        3,
        "iss.errors iss.isa iss.builtin iss.memory iss.loaders iss.hart iss.engines iss.trace iss.machine asm",
        "numpy cffi z3 pytest",
    ),
    # 4: what a user sees
    "iss.cli": Area(
        4,
        "iss.errors iss.isa iss.builtin iss.memory iss.loaders iss.hart iss.trace iss.machine iss.debug iss.extension "
        "iss.tui.app iss.tui.braille iss.tui.commands.commander iss.tui.commands.look "
        "iss.tui.layout iss.tui.live iss.tui.prompt iss.tui.state "
        "asm coprocessor.csrs coprocessor.energy coprocessor.errors coprocessor.interface "  # counters, costs
        "coprocessor.plot",
        "rich numpy",
    ),
    "iss.tui": Area(
        4,
        "iss.errors iss.isa iss.builtin iss.memory iss.loaders iss.hart iss.trace iss.machine iss.debug asm "
        "coprocessor.csrs coprocessor.energy coprocessor.golden",  # what the panes show
        "rich textual numpy",
    ),
    "iss.__main__": Area(4, "iss.cli.main"),
}


def area_of(module: str) -> str | None:
    """Return the area of a module's dotted name, None if no row covers it."""
    parts = module.split(".")
    names = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((name for name in names if name in AREAS), None)


def may_import(importer: str, imported: str) -> bool:
    """Whether the table lets a module import another one of the project."""
    own = area_of(importer)
    if own is None:
        return False
    if area_of(imported) == own:
        return True
    # A module with a row of its own is not part of its package's row.
    return any(_within(imported, name) and area_of(imported) == area_of(name) for name in AREAS[own].imports.split())


def _within(name: str, parent: str) -> bool:
    return name == parent or name.startswith(f"{parent}.")
