"""Symbols across sources: which definition a name means, where it lies, and what the linker itself defines."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from asm.expressions import Expression, NotConstant, Reference, Value, evaluate, references
from asm.fragments import Align, Section, Space
from asm.layout import GLOBAL_POINTER_OFFSET, HOST_SECTION, OutputSection
from asm.program import ProgramSymbol
from asm.session import Session
from asm.source import Line
from asm.symbols import Common, Label, Place, Symbol
from asm.unit import Unit
from iss.isa.registers import NUMBER
from iss.memory.map import ADDRESS_SPACE

HOST_SYMBOLS: Final = ("tohost", "fromhost")
_ALWAYS_SHOWN: Final = ("__global_pointer$", "__bss_start", "__bss_end", "_edata", "_end", "__stack_top")
_NOWHERE: Final = Place(Line("", "", "<linker>", 0), 0)


class _Undefined(Exception):
    """A symbol that no source defines."""

    def __init__(self, symbol: Symbol) -> None:
        super().__init__(symbol.name)
        self.symbol = symbol


class Resolver:
    """The symbols of all units; positions are right once the sections are placed."""

    def __init__(self, session: Session, units: list[Unit]) -> None:
        self._session = session
        self.units = list(units)
        self.globals: dict[str, Symbol] = {}
        self._provided: dict[str, tuple[int, str | None]] = {}
        self._reported: set[str] = set()
        for unit in units:
            for symbol in unit.symbols.values():
                if symbol.binding != "local" and symbol.defined:
                    self._enter(symbol)
        self._allocate_commons()

    def _enter(self, symbol: Symbol) -> None:
        known = self.globals.get(symbol.name)
        if known is None:
            self.globals[symbol.name] = symbol
        elif symbol.common is not None and known.common is not None:
            size = max(symbol.common.size, known.common.size)
            known.common = Common(size, max(symbol.common.alignment, known.common.alignment))
        elif known.binding == "weak" or known.common is not None:
            if symbol.common is None and symbol.binding != "weak":
                self.globals[symbol.name] = symbol
        elif symbol.binding != "weak" and symbol.common is None:
            first = known.defined_at
            where = f" at {first.line.file}:{first.line.number}" if first is not None else ""
            self._session.report_at(symbol.defined_at, f'symbol "{symbol.name}" is already defined{where}')

    def _allocate_commons(self) -> None:
        """Give the commons that no source defines a place in .bss (`tohost` and `fromhost` in the host's page)."""
        unit = Unit("<common>")
        for symbol in self.globals.values():
            if symbol.common is None:
                continue
            name = HOST_SECTION if symbol.name in HOST_SYMBOLS else "COMMON"
            section = unit.sections.setdefault(name, Section(name, "aw", "nobits"))
            section.alignment = max(section.alignment, symbol.common.alignment)
            fragments = section.subsections.setdefault(0, [])
            storage = Space(symbol.common.size, b"\0", symbol.defined_at or _NOWHERE)
            fragments += [Align(symbol.common.alignment, b"\0", None), storage]
            symbol.label = Label(section, storage, 0)
            symbol.size = symbol.common.size
        if unit.sections:
            self.units.append(unit)

    # Values ----------------------------------------------------------------------------------------------------
    def locate(self, symbol: Symbol) -> Value:
        """Locate a symbol when all addresses are known. Raises _Undefined."""
        if symbol.binding != "local" or not symbol.defined:
            chosen = self.globals.get(symbol.name, symbol)
            if chosen is not symbol and chosen.expression is not None:
                return evaluate(chosen.expression, self.locate, 1)
            symbol = chosen
        if symbol.label is not None:
            return None, symbol.label.section.position(symbol.label.fragment, symbol.label.offset)
        if symbol.name in self._provided:
            return None, self._provided[symbol.name][0]
        if symbol.binding == "weak":
            return None, 0
        raise _Undefined(symbol)

    def value(self, expression: Expression, where: Place) -> int | None:
        """Return the final value of an expression, or None after reporting why there is none."""
        try:
            return evaluate(expression, self.locate)[1]
        except _Undefined as missing:
            self._report_undefined(missing.symbol, where)
            for symbol in references(expression):
                try:
                    evaluate(Reference(symbol), self.locate)
                except _Undefined as other:
                    self._report_undefined(other.symbol, where)
                except (NotConstant, ZeroDivisionError):
                    continue
        except ZeroDivisionError:
            self._session.report_at(where, "division by zero")
        except NotConstant as reason:
            self._session.report_at(where, f"the symbol {reason}" if str(reason) else "the expression has no value")
        return None

    def _report_undefined(self, symbol: Symbol, where: Place) -> None:
        if symbol.name in self._reported:
            return
        self._reported.add(symbol.name)
        if "\x01" in symbol.name:
            self._session.report_at(where, f'there is no label "{symbol.shown_name}:" after this')
            return
        hint = ""
        for unit in self.units:
            other = unit.symbols.get(symbol.name)
            if other is not None and other.defined:
                hint = f"; {unit.name} defines it for itself only, add .globl {symbol.name} there"
                break
        else:
            names = [name for unit in self.units for name, known in unit.symbols.items() if known.defined]
            close = get_close_matches(symbol.name, [*names, *self._provided], 1, 0.75)
            registers = [] if len(symbol.name) > 4 else get_close_matches(symbol.name, NUMBER, 1, 0.5)
            if close:
                hint = f'; did you mean "{close[0]}"?'
            elif registers:
                hint = f' (no register has that name; did you mean "{registers[0]}"?)'
        self._session.report_at(where, f'undefined symbol "{symbol.name}"{hint}')

    def is_reported(self, expression: Expression) -> bool:
        """Tell whether an expression is a symbol already complained about."""
        return isinstance(expression, Reference) and expression.symbol.name in self._reported

    def find(self, name: str) -> Symbol | None:
        """Return the defined symbol of a name: the global one, else the first local one."""
        if name in self.globals:
            return self.globals[name]
        found = (unit.symbols[name] for unit in self.units if name in unit.symbols)
        return next((symbol for symbol in found if symbol.defined), None)

    # What the linker defines -----------------------------------------------------------------------------------
    def provide(self, outputs: list[OutputSection], stack_top: int) -> None:
        """Define what programs expect of a linker, unless a source defines it."""
        loaded = {output.name: output for output in outputs if "a" in output.flags}
        text, rodata, data, bss = (loaded[name] for name in (".text", ".rodata", ".data", ".bss"))
        end = max(output.end for output in loaded.values())
        small = [part.address for part in data.inputs if part.name.startswith(".sdata") and part.size]
        values: dict[str, tuple[int, str | None]] = {
            "__global_pointer$": (min(small, default=data.address) + GLOBAL_POINTER_OFFSET, ".data"),
            "__stack_top": (stack_top, None),
            "__heap_start": (-(-end // 16) * 16, None),
        }
        names: Mapping[str, tuple[int, str]] = {
            "__text_start": (text.address, ".text"),
            "__text_end _etext etext": (text.end, ".text"),
            "__rodata_start": (rodata.address, ".rodata"),
            "__rodata_end": (rodata.end, ".rodata"),
            "__data_start": (data.address, ".data"),
            "__data_end _edata edata": (data.end, ".data"),
            "__bss_start __bss_start__": (bss.address, ".bss"),
            "__bss_end __bss_end__ __BSS_END__": (bss.end, ".bss"),
            "_end end __end": (end, ".bss"),
        }
        for same, entry in names.items():
            values.update(dict.fromkeys(same.split(), entry))
        self._provided = {name: entry for name, entry in values.items() if name not in self.globals}

    # The symbol table ------------------------------------------------------------------------------------------
    def table(self, outputs: Mapping[int, str]) -> list[ProgramSymbol]:
        """Return locals of each source, globals, the linker's; `outputs` are section names by the id of a part."""
        table: list[ProgramSymbol] = []
        for unit in self.units:
            shown = [symbol for symbol in unit.symbols.values() if symbol.defined and not symbol.is_temporary]
            table += [self._entry(symbol, unit.name, outputs) for symbol in shown if symbol.binding == "local"]
        table += [self._entry(symbol, "", outputs) for symbol in self.globals.values()]
        used = {symbol.name for unit in self.units for symbol in unit.referenced()}
        for name, (address, section) in self._provided.items():
            if name in used or name in _ALWAYS_SHOWN:
                table.append(ProgramSymbol(name, address, 0, "notype", "global", section, ""))
        return table

    def _entry(self, symbol: Symbol, unit: str, outputs: Mapping[int, str]) -> ProgramSymbol:
        where = symbol.defined_at or _NOWHERE
        address = self.value(Reference(symbol), where) or 0
        size = 0 if symbol.size is None else self.value(symbol.size, where) or 0
        section = self._section(symbol)
        return ProgramSymbol(
            symbol.name,
            address % ADDRESS_SPACE,
            size % ADDRESS_SPACE,
            symbol.kind,
            symbol.binding,
            None if section is None else outputs.get(id(section)),
            unit,
            symbol.visibility,
        )

    def _section(self, symbol: Symbol) -> Section | None:
        """Return the section that a symbol's value is relative to, or None for a plain number."""

        def locate(other: Symbol) -> Value:
            chosen = other if other.defined else self.globals.get(other.name, other)
            if chosen is not other and chosen.expression is not None:
                return evaluate(chosen.expression, locate, 1)
            return (chosen if chosen.label is None else chosen.label.section), 0

        try:
            base, _ = evaluate(Reference(symbol), locate)
        except (NotConstant, ZeroDivisionError):
            return None
        return base if isinstance(base, Section) else None
