"""Puts units together: lays sections out, places them, adds debug information and fills in the contents."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from asm.dwarf import describe
from asm.expressions import Reference
from asm.fragments import Section
from asm.layout import HOST_SECTION, OutputSection, arrange, collect, place
from asm.patch import Patcher
from asm.program import ProgramSymbol
from asm.relax import lay_out
from asm.resolve import HOST_SYMBOLS, Resolver
from asm.session import Session
from asm.source import Line
from asm.symbols import Place
from asm.unit import Unit

_LARGEST_CONTENT: Final = 1 << 28


@dataclass(slots=True)
class Linker:
    """The state of one link; `run` does all of it and reports errors to the session."""

    session: Session
    units: list[Unit]
    base: int
    stack_top: int
    fixed_addresses: Mapping[str, int]
    entry_name: str = "_start"
    debug: bool = True
    directory: str = ""
    outputs: list[OutputSection] = field(default_factory=list)
    resolver: Resolver = field(init=False)

    def __post_init__(self) -> None:
        self.resolver = Resolver(self.session, self.units)
        self.units = self.resolver.units

    def run(self) -> None:
        """Link; afterwards every output section has its address and content."""
        for unit in self.units:
            for section in unit.sections.values():
                self._lay_out(section)
        self.outputs = collect(self.units)
        for problem in place(self.outputs, self.base, self.fixed_addresses):
            self.session.report_at(None, problem)
        self._check_sizes()
        if self.session.failed:
            return
        self.resolver.provide(self.outputs, self.stack_top)
        self._check_alignment()
        self._check_host_symbols()
        self._describe_lines()
        patcher = Patcher(self.session, self.resolver, self.outputs)
        for output in self.outputs:
            if output.kind != "nobits":
                output.content = patcher.content(output)

    def _lay_out(self, section: Section) -> None:
        for error in lay_out(section):
            self.session.report_at(error.place, error.message)

    def _check_sizes(self) -> None:
        for output in self.outputs:
            if output.kind != "nobits" and output.size > _LARGEST_CONTENT:
                limit = f"at most {_LARGEST_CONTENT} bytes can be initialised; reserve memory in .bss"
                self.session.report_at(None, f"section {output.name} has {output.size} bytes of contents, {limit}")

    def _check_alignment(self) -> None:
        alignment = self.session.instruction_alignment
        for unit in self.units:
            for section in unit.sections.values():
                for mark in section.marks:
                    address = section.position(mark.fragment, mark.offset)
                    if mark.code and address % alignment:
                        message = f"this instruction lies at {address:#x}, which is not a multiple of {alignment}; "
                        self.session.report_at(mark.place, f"{message}put .balign {alignment} before it")

    def _check_host_symbols(self) -> None:
        """Give tohost and fromhost their size, and warn where tohost has no page of its own."""
        symbol = self.resolver.find(HOST_SYMBOLS[0])
        if symbol is None or symbol.label is None:
            return
        for name in HOST_SYMBOLS:
            host = self.resolver.find(name)
            if host is not None and host.label is not None:
                host.size = 8 if host.size is None else host.size
                host.kind = "object"
        if symbol.label.section.name != HOST_SECTION:
            message = f'"tohost" shares a page with other data; put it in .section {HOST_SECTION},"aw"'
            self.session.report_at(symbol.defined_at, message, "warning")

    def _describe_lines(self) -> None:
        """Add debug sections to the units, which need the addresses of the loaded sections, and place them."""
        if self.debug:
            for unit in self.units:
                describe(unit, self.directory or os.getcwd())
                for section in unit.sections.values():
                    if not section.is_allocated:
                        self._lay_out(section)
        loaded = [output for output in self.outputs if "a" in output.flags]
        others = [output for output in collect(self.units) if "a" not in output.flags]
        for output in others:
            arrange(output)
        self.outputs = loaded + others

    def symbols(self) -> list[ProgramSymbol]:
        """Return the program's symbol table."""
        return self.resolver.table({id(section): output.name for output in self.outputs for section in output.inputs})

    def code_ranges(self) -> list[tuple[int, int]]:
        """Return the (start, end) addresses of what was written as instructions."""
        ranges: list[tuple[int, int]] = []
        for output in self.outputs:
            for section in output.inputs:
                marks = sorted((section.position(mark.fragment, mark.offset), mark.code) for mark in section.marks)
                ends = [start for start, _ in marks[1:]] + [section.address + section.size]
                ranges += [
                    (start, end) for (start, code), end in zip(marks, ends, strict=False) if code and start < end
                ]
        return ranges

    def entry(self) -> int:
        """Return the address of the entry symbol, or the start of the code."""
        symbol = self.resolver.find(self.entry_name)
        if symbol is not None:
            where = symbol.defined_at or Place(Line("", "", "<linker>", 0), 0)
            value = self.resolver.value(Reference(symbol), where)
            if value is not None:
                return value
        if self.entry_name != "_start":
            self.session.report_at(None, f'entry symbol "{self.entry_name}" is not defined')
        return next(output.address for output in self.outputs if output.name == ".text")
