"""What `run` is to run: a program file, an assembly source, a program folder or the bare name of one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from iss.cli.exit_codes import ExitCode, Failure, failing
from iss.isa.catalogue import DEFAULT_ISA
from iss.loaders import Image, load_image
from iss.memory.map import MemoryMap

if TYPE_CHECKING:
    from iss.cli.programs import Program

ASSEMBLY_SUFFIXES = (".S", ".s", ".asm")
FORMAT_NAMES = {"elf": "elf", "bin": "binary", "ihex": "ihex", "vhex": "vhex"}


@dataclass(frozen=True)
class Target:
    """A program ready to be loaded, the ISA it runs on, and its folder if it came from one."""

    title: str
    image: Image
    isa: str
    program: Program | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choices:
    """What the user said about the program; None stands for not given."""

    isa: str | None = None
    form: str | None = None
    format: str | None = None
    base: int | None = None
    defines: tuple[tuple[str, int], ...] = ()


def open_target(name: str, choices: Choices, memory_map: MemoryMap) -> Target:
    """Find, load or assemble what a name on the command line means. Raises Failure."""
    path = Path(name)
    if path.is_dir():
        from iss.cli.programs import read_program

        return _from_program(read_program(path), choices, memory_map)
    if not os.path.lexists(name) and path.name == name and not path.suffix:
        from iss.cli.programs import find_program

        return _from_program(find_program(name), choices, memory_map)
    if choices.form is not None:
        raise Failure(f"--form is for program folders, and {name} is a file; leave it out", ExitCode.USAGE)
    if path.suffix in ASSEMBLY_SUFFIXES and choices.format is None:
        isa = _chosen(choices, DEFAULT_ISA)
        image, warnings = assemble_image(path, isa, choices, memory_map)
        return Target(name, image, isa, warnings=warnings)
    if choices.defines:
        raise Failure(f"-D is for sources that are assembled, and {name} is a program; leave it out", ExitCode.USAGE)
    with failing(ExitCode.BAD_INPUT):
        format = FORMAT_NAMES[choices.format] if choices.format else None
        return Target(name, load_image(name, format=format, base=choices.base), _chosen(choices, DEFAULT_ISA))


def _chosen(choices: Choices, default: str) -> str:
    return default if choices.isa is None else choices.isa


def _from_program(program: Program, choices: Choices, memory_map: MemoryMap) -> Target:
    if choices.format is not None:
        raise Failure(f"--format is for files, and {program.name} is a program folder; leave it out", ExitCode.USAGE)
    form = program.form(choices.form)
    isa = _chosen(choices, form.isa)
    image, warnings = assemble_image(form.source, isa, choices, memory_map)
    return Target(f"{program.name} ({form.name})", image, isa, program, warnings)


def assemble_image(source: Path, isa: str, choices: Choices, memory_map: MemoryMap) -> tuple[Image, tuple[str, ...]]:
    """Assemble a source in memory; return the image and the warnings. Raises Failure with the assembler's messages."""
    from asm import assemble
    from iss.builtin import builtin_architecture

    with failing(ExitCode.USAGE):
        architecture = builtin_architecture(isa)
    if not os.access(source, os.R_OK):
        reason = "Permission denied" if source.exists() else "No such file or directory"
        raise Failure(f"{source}: cannot be read ({reason}); check name and permissions", ExitCode.NO_INPUT)
    with failing(ExitCode.BAD_INPUT):
        program = assemble(
            [source],
            architecture=architecture,
            base=choices.base,
            defines=dict(choices.defines),
            memory_map=memory_map,
        )
        return program.image(), tuple(warning.render() for warning in program.warnings)
