"""The one function that turns sources into a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from asm.assembler import Assembler
from asm.errors import AssemblyError, Diagnostic
from asm.linker import Linker
from asm.listing import list_lines
from asm.program import Program
from asm.session import Session
from asm.source import Source
from iss.isa.catalogue import Architecture
from iss.isa.catalogue import architecture as default_architecture
from iss.memory.map import MemoryMap


def assemble(
    sources: Sequence[Path | str | Source],
    *,
    architecture: Architecture | None = None,
    base: int | None = None,
    include_paths: Sequence[Path] = (),
    defines: Mapping[str, int] | None = None,
    section_addresses: Mapping[str, int] | None = None,
    entry: str = "_start",
    memory_map: MemoryMap | None = None,
    relax_branches: bool = True,
    debug: bool = True,
    directory: str = "",
    listing: bool = False,
    cross_check: bool = False,
) -> Program:
    """Assemble and link sources (paths, or `Source` values for text in memory) to a program.

    `architecture` (default: the simulator's default ISA) says which instructions and CSRs there are. Code starts at
    `base` (default: the start of RAM); the other sections follow it, or lie where `section_addresses` says. `defines`
    are symbols with values. `directory` is what debug information calls the compilation directory (default: the
    current one). `relax_branches=False` keeps every branch short. `listing` keeps what `Program.listing` needs.
    `cross_check` compares encodings with riscv-assembler's. Raises AssemblyError with all diagnostics.
    """
    memory = memory_map or MemoryMap()
    target = architecture or default_architecture()
    session = Session(target, tuple(include_paths), defines or {}, relax_branches, listing)
    units = []
    for given in sources:
        try:
            source = given if isinstance(given, Source) else Source.read(Path(given))
        except OSError as error:
            message = f"cannot read the source: {error.strerror}"
            session.diagnostics.append(Diagnostic(str(given), 0, 0, message))
            continue
        units.append(Assembler(session, source).run())
    if session.failed:
        raise AssemblyError(session.diagnostics)
    linker = Linker(
        session,
        units,
        memory.ram.base if base is None else base,
        memory.ram.end,
        section_addresses or {},
        entry,
        debug,
        directory,
    )
    linker.run()
    symbols = linker.symbols() if not session.failed else []
    start = linker.entry() if not session.failed else 0
    if session.failed:
        raise AssemblyError(session.diagnostics)
    program = Program(
        start,
        tuple(linker.outputs),
        tuple(symbols),
        target.isa,
        session.instruction_alignment == 2,
        tuple(session.diagnostics),
        tuple(list_lines(units, linker.outputs)) if listing else (),
        tuple(unit.name for unit in units),
        tuple(linker.code_ranges()),
    )
    if cross_check:
        _cross_check(program, target)
    return program


def _cross_check(program: Program, target: Architecture) -> None:
    from asm.crosscheck import disagreements

    wrong = disagreements(program.code_words(), target)
    if wrong:
        raise AssemblyError([Diagnostic("neurohart asm", 0, 0, message) for message in wrong])
