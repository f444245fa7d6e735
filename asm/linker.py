"""Puts units together: symbols of one source found in the others, sections placed, fixups filled in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from asm.dwarf import describe
from asm.errors import StatementError
from asm.expressions import Expression, NotConstant, Reference, Value, evaluate
from asm.fragments import (
    Align,
    Branch,
    Data,
    DataFixup,
    InstructionFixup,
    Leb128,
    Origin,
    Section,
    Space,
    Word,
    leb128,
)
from asm.instructions import apply_modifier, fit
from asm.layout import HOST_SECTION, OutputSection, arrange, collect, place
from asm.program import ProgramSymbol
from asm.relax import lay_out
from asm.session import Session
from asm.source import Line
from asm.symbols import Common, Label, Place, Symbol
from asm.unit import Unit
from iss.memory.map import ADDRESS_SPACE

_HALF: Final = 1 << 31
_LARGEST_CONTENT: Final = 1 << 28
_ALWAYS_SHOWN: Final = (
    "__global_pointer$",
    "__bss_start",
    "__bss_end",
    "_edata",
    "_end",
    "__stack_top",
)
HOST_SYMBOLS: Final = ("tohost", "fromhost")
GLOBAL_POINTER_OFFSET: Final = 0x800


class _Undefined(Exception):
    """A symbol that no source defines."""

    def __init__(self, symbol: Symbol) -> None:
        super().__init__(symbol.name)
        self.symbol = symbol


def signed_distance(value: int) -> int:
    """Return a difference of addresses as the 32-bit hart sees it: -2**31..2**31-1."""
    return (value + _HALF) % ADDRESS_SPACE - _HALF


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
    globals: dict[str, Symbol] = field(default_factory=dict)
    provided: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    _upper_parts: dict[int, int] = field(default_factory=dict)
    _reported: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Link; afterwards every output section has its address and content."""
        self._resolve_globals()
        self._allocate_commons()
        for unit in self.units:
            for section in unit.sections.values():
                self._lay_out(section)
        self.outputs = collect(self.units)
        for problem in place(self.outputs, self.base, self.fixed_addresses):
            self.session.report_at(None, problem)
        self._check_sizes()
        if self.session.failed:
            return
        self._provide_symbols()
        self._check_alignment()
        self._check_host_symbols()
        self._describe_lines()
        self._find_upper_parts()
        for output in self.outputs:
            if output.kind != "nobits":
                output.content = self._content(output)

    # Symbols ---------------------------------------------------------------------------------------------------
    def _resolve_globals(self) -> None:
        for unit in self.units:
            for symbol in unit.symbols.values():
                if symbol.binding == "local" or not symbol.defined:
                    continue
                self._enter(symbol)

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
            self.session.report_at(symbol.defined_at, f'symbol "{symbol.name}" is already defined{where}')

    def _allocate_commons(self) -> None:
        """Give the commons that no source defines a place in .bss (`tohost` and `fromhost` in the host's page)."""
        commons = [symbol for symbol in self.globals.values() if symbol.common is not None]
        if not commons:
            return
        unit = Unit("<common>")
        for symbol in commons:
            assert symbol.common is not None
            name = HOST_SECTION if symbol.name in HOST_SYMBOLS else "COMMON"
            section = unit.sections.setdefault(name, Section(name, "aw", "nobits"))
            section.alignment = max(section.alignment, symbol.common.alignment)
            fragments = section.subsections.setdefault(0, [])
            fragments.append(Align(symbol.common.alignment, b"\0", None))
            storage = Space(
                symbol.common.size,
                b"\0",
                symbol.defined_at or Place(Line("", "", unit.name, 0), 0),
            )
            fragments.append(storage)
            symbol.label = Label(section, storage, 0)
            symbol.size = symbol.common.size
        self.units = [*self.units, unit]

    def locate(self, symbol: Symbol) -> Value:
        """Locate a symbol when all addresses are known. Raises _Undefined."""
        if symbol.binding != "local" or not symbol.defined:
            chosen = self.globals.get(symbol.name, symbol)
            if chosen is not symbol:
                if chosen.expression is not None:
                    return evaluate(chosen.expression, self.locate, 1)
                symbol = chosen
        if symbol.label is not None:
            return None, symbol.label.section.position(symbol.label.fragment, symbol.label.offset)
        if symbol.name in self.provided:
            return None, self.provided[symbol.name][0]
        if symbol.binding == "weak":
            return None, 0
        raise _Undefined(symbol)

    def value(self, expression: Expression, where: Place) -> int | None:
        """Return the final value of an expression, or None after reporting why there is none."""
        try:
            return evaluate(expression, self.locate)[1]
        except _Undefined as missing:
            self._report_undefined(missing.symbol, where)
        except ZeroDivisionError:
            self.session.report_at(where, "division by zero")
        except NotConstant as reason:
            self.session.report_at(
                where,
                f"the symbol {reason}" if str(reason) else "the expression has no value",
            )
        return None

    def _report_undefined(self, symbol: Symbol, where: Place) -> None:
        if symbol.name in self._reported:
            return
        self._reported.add(symbol.name)
        if "\x01" in symbol.name:
            self.session.report_at(where, f'there is no label "{symbol.shown_name}:" after this')
            return
        hint = ""
        for unit in self.units:
            other = unit.symbols.get(symbol.name)
            if other is not None and other.defined:
                hint = f"; {unit.name} defines it for itself only, add .globl {symbol.name} there"
                break
        else:
            names = [name for unit in self.units for name, known in unit.symbols.items() if known.defined]
            close = get_close_matches(symbol.name, [*names, *self.provided], 1, 0.75)
            if close:
                hint = f'; did you mean "{close[0]}"?'
        self.session.report_at(where, f'undefined symbol "{symbol.name}"{hint}')

    def _provide_symbols(self) -> None:
        """Define what programs expect of a linker, unless a source defines it."""
        outputs = {output.name: output for output in self.outputs if "a" in output.flags}
        loaded = [output for output in self.outputs if "a" in output.flags]
        end = max((output.end for output in loaded), default=self.base)

        def bounds(name: str) -> tuple[int, int, str | None]:
            output = outputs[name]
            return output.address, output.end, name

        text, rodata, data, bss = (bounds(name) for name in (".text", ".rodata", ".data", ".bss"))
        small = [section.address for output in loaded for section in output.inputs if section.name.startswith(".sdata")]
        values: dict[str, tuple[int, str | None]] = {
            "__text_start": (text[0], text[2]),
            "__rodata_start": (rodata[0], rodata[2]),
            "__rodata_end": (rodata[1], rodata[2]),
            "__data_start": (data[0], data[2]),
            "__global_pointer$": (
                min(small, default=data[0]) + GLOBAL_POINTER_OFFSET,
                data[2],
            ),
            "__stack_top": (self.stack_top, None),
            "__heap_start": (-(-end // 16) * 16, None),
        }
        for names, entry in (
            (("__text_end", "_etext", "etext"), (text[1], text[2])),
            (("__data_end", "_edata", "edata"), (data[1], data[2])),
            (("__bss_start", "__bss_start__"), (bss[0], bss[2])),
            (("__bss_end", "__bss_end__", "__BSS_END__"), (bss[1], bss[2])),
            (("_end", "end", "__end"), (end, bss[2])),
        ):
            values.update(dict.fromkeys(names, entry))
        self.provided = {name: entry for name, entry in values.items() if name not in self.globals}

    # Layout ----------------------------------------------------------------------------------------------------
    def _lay_out(self, section: Section) -> None:
        for error in lay_out(section):
            self.session.report_at(error.place, error.message)

    def _check_sizes(self) -> None:
        for output in self.outputs:
            if output.kind != "nobits" and output.size > _LARGEST_CONTENT:
                limit = f"at most {_LARGEST_CONTENT} bytes can be initialised; reserve memory in .bss"
                self.session.report_at(
                    None,
                    f"section {output.name} has {output.size} bytes of contents, {limit}",
                )

    def _check_alignment(self) -> None:
        alignment = self.session.instruction_alignment
        for unit in self.units:
            for section in unit.sections.values():
                for mark in section.marks:
                    address = section.position(mark.fragment, mark.offset)
                    if mark.code and address % alignment:
                        message = f"this instruction lies at {address:#x}, which is not a multiple of {alignment}; "
                        self.session.report_at(mark.place, message + "put .balign 4 before it")

    def _check_host_symbols(self) -> None:
        symbol = self.find("tohost")
        if symbol is None or symbol.label is None:
            return
        for name in HOST_SYMBOLS:
            host = self.find(name)
            if host is not None and host.label is not None:
                host.size = 8 if host.size is None else host.size
                host.kind = "object"
        if symbol.label.section.name != HOST_SECTION:
            message = f'"tohost" shares a page with other data; put it in .section {HOST_SECTION},"aw"'
            self.session.report_at(symbol.defined_at, message, "warning")

    def find(self, name: str) -> Symbol | None:
        """Return the defined symbol of a name: the global one, else the first local one."""
        if name in self.globals:
            return self.globals[name]
        found = (unit.symbols[name] for unit in self.units if name in unit.symbols)
        return next((symbol for symbol in found if symbol.defined), None)

    def _describe_lines(self) -> None:
        """Add debug sections to the units, which need the addresses of the loaded sections, and place them."""
        if self.debug:
            for unit in self.units:
                describe(unit, self.directory or os.getcwd())
                for section in unit.sections.values():
                    if not section.is_allocated:
                        self._lay_out(section)
        loaded = [output for output in self.outputs if "a" in output.flags]
        self.outputs = loaded + [output for output in collect(self.units) if "a" not in output.flags]
        for output in self.outputs[len(loaded) :]:
            arrange(output)

    # Contents --------------------------------------------------------------------------------------------------
    def _find_upper_parts(self) -> None:
        """Remember for each `%pcrel_hi` instruction's address what its `%pcrel_lo` has to complete."""
        for output in self.outputs:
            for section in output.inputs:
                for fragment in section.fragments:
                    if isinstance(fragment, Data):
                        for fixup in fragment.fixups:
                            if isinstance(fixup, InstructionFixup) and fixup.modifier == "pcrel_hi":
                                pc = section.position(fragment, fixup.offset)
                                target = self.value(fixup.expression, fixup.place)
                                self._upper_parts[pc] = signed_distance((target or 0) - pc)

    def _content(self, output: OutputSection) -> bytes:
        content = bytearray()
        for section in output.inputs:
            content += bytes(section.address - output.address - len(content))
            for fragment in section.fragments:
                content += self._fragment_content(section, fragment)
        return bytes(content)

    def _fragment_content(self, section: Section, fragment: object) -> bytes:
        match fragment:
            case Data():
                if not fragment.fixups:
                    return bytes(fragment.content)
                return self._fill_in(section, fragment)
            case Align():
                return fragment.content()
            case Space():
                return fragment.fill * (fragment.size // len(fragment.fill))
            case Origin():
                return bytes((fragment.fill,)) * fragment.size
            case Leb128():
                return leb128(fragment.value, fragment.signed)
            case Branch():
                return self._branch_content(section, fragment)
        raise AssertionError(f"no contents for {fragment!r}")

    def _fill_in(self, section: Section, data: Data) -> bytes:
        content = bytearray(data.content)
        for fixup in data.fixups:
            if isinstance(fixup, DataFixup):
                filled = self._data_value(fixup)
            else:
                filled = self._instruction(fixup, section.position(data, fixup.offset))
            content[fixup.offset : fixup.offset + len(filled)] = filled
        return bytes(content)

    def _data_value(self, fixup: DataFixup) -> bytes:
        value = self.value(fixup.expression, fixup.place) or 0
        bits = 8 * fixup.size
        if bits < 32 and not -(1 << (bits - 1)) <= value < 1 << bits:
            range_text = f"{-(1 << (bits - 1))}..{(1 << bits) - 1}"
            message = f"value {value} ({value:#x}) is out of range {range_text} for {fixup.size} bytes"
            self.session.report_at(fixup.place, message)
        return (value & ((1 << bits) - 1)).to_bytes(fixup.size, "little")

    def _instruction(self, fixup: InstructionFixup, pc: int) -> bytes:
        word = fixup.word
        try:
            if fixup.modifier == "pcrel_lo":
                value = self._lower_part(fixup)
            elif fixup.modifier == "pcrel_hi":
                value = apply_modifier("hi", self._upper_parts[pc])
            else:
                final = self.value(fixup.expression, fixup.place)
                if final is None:
                    return word.encode(0)
                if fixup.modifier == "target":
                    return self._jump(word, final, pc, fixup.place)
                value = apply_modifier(fixup.modifier, final) if fixup.modifier in ("hi", "lo") else final
            field = word.encoding.fields[word.field]
            shift = field.low if fixup.modifier in ("upper", "hi", "pcrel_hi") else 0
            return word.encode(fit(field, value, shift, None))
        except StatementError as error:
            hint = "; use %lo(...) or la" if fixup.modifier == "absolute" else ""
            hint = "; use %hi(...)" if fixup.modifier == "upper" else hint
            self.session.report_at(fixup.place, error.message + hint)
            return word.encode(0)

    def _lower_part(self, fixup: InstructionFixup) -> int:
        """Return the low part that belongs to the `%pcrel_hi` at the label that `%pcrel_lo` names."""
        label = fixup.expression
        address = self.value(label, fixup.place) if isinstance(label, Reference) else None
        if address not in self._upper_parts:
            if isinstance(label, Reference) and label.symbol.name in self._reported:
                return 0
            raise StatementError("%pcrel_lo must name the label of an instruction with %pcrel_hi")
        return apply_modifier("lo", self._upper_parts[address])

    def _jump(self, word: Word, target: int, pc: int, where: Place) -> bytes:
        distance = signed_distance(target - pc)
        field = word.encoding.fields[word.field]
        if distance % (1 << field.low):
            message = f"the target {target:#x} is {distance} bytes away, which is not a multiple of {1 << field.low}"
            self.session.report_at(where, message)
        elif not field.minimum <= distance <= field.maximum:
            reach = f"the instruction reaches {field.minimum}..{field.maximum}"
            self.session.report_at(
                where,
                f"the target {target:#x} is {distance} bytes away, {reach}; use call, tail or jump",
            )
        else:
            return word.encode(distance)
        return word.encode(0)

    def _branch_content(self, section: Section, branch: Branch) -> bytes:
        pc = section.address + branch.address
        target = self.value(branch.target, branch.place)
        if target is None:
            return bytes(branch.size)
        if not branch.far:
            return self._jump(branch.short, target, pc, branch.place)
        skip = branch.inverse.encode(branch.size)
        return skip + self._jump(branch.jump, target, pc + len(skip), branch.place)

    # Result ----------------------------------------------------------------------------------------------------
    def symbols(self) -> list[ProgramSymbol]:
        """Return the program's symbol table: locals of each source, then globals, then what the linker defined."""
        output_of = {id(section): output.name for output in self.outputs for section in output.inputs}
        table: list[ProgramSymbol] = []
        for unit in self.units:
            for symbol in unit.symbols.values():
                if symbol.defined and symbol.binding == "local" and not symbol.is_temporary:
                    table.append(self._symbol(symbol, unit.name, output_of))
        for symbol in self.globals.values():
            table.append(self._symbol(symbol, "", output_of))
        used = {symbol.name for unit in self.units for symbol in unit.referenced()}
        for name, (address, section) in self.provided.items():
            if name in used or name in _ALWAYS_SHOWN:
                table.append(ProgramSymbol(name, address, 0, "notype", "global", section, ""))
        return table

    def _symbol(self, symbol: Symbol, unit: str, output_of: dict[int, str]) -> ProgramSymbol:
        where = symbol.defined_at or Place(Line("", "", unit, 0), 0)
        address = self.value(Reference(symbol), where) or 0
        size = 0 if symbol.size is None else self.value(symbol.size, where) or 0
        label = symbol.label or self._base_label(symbol.expression)
        section = None if label is None else output_of.get(id(label.section))
        return ProgramSymbol(
            symbol.name,
            address % ADDRESS_SPACE,
            size % ADDRESS_SPACE,
            symbol.kind,
            symbol.binding,
            section,
            unit,
            symbol.visibility,
        )

    def _base_label(self, expression: Expression | None) -> Label | None:
        """Return the label that an equate's value is relative to, or None for a plain number."""
        if expression is None or isinstance(expression, int):
            return None

        def locate(symbol: Symbol) -> Value:
            chosen = symbol if symbol.defined else self.globals.get(symbol.name, symbol)
            if chosen.expression is not None:
                return evaluate(chosen.expression, locate, 1)
            return (chosen.label.section if chosen.label else chosen), 0

        try:
            base, _ = evaluate(expression, locate)
        except (NotConstant, ZeroDivisionError):
            return None
        return Label(base, Data(), 0) if isinstance(base, Section) else None

    def code_ranges(self) -> list[tuple[int, int]]:
        """Return the (start, end) addresses of what was written as instructions."""
        ranges: list[tuple[int, int]] = []
        for output in self.outputs:
            for section in output.inputs:
                marks = sorted(section.marks, key=lambda mark: section.position(mark.fragment, mark.offset))
                starts = [section.position(mark.fragment, mark.offset) for mark in marks]
                ends = [*starts[1:], section.address + section.size]
                ranges += [
                    (start, end)
                    for mark, start, end in zip(marks, starts, ends, strict=False)
                    if mark.code and start < end
                ]
        return ranges

    def entry(self) -> int:
        """Return the address of the entry symbol, or the start of the code."""
        symbol = self.find(self.entry_name)
        if symbol is not None:
            value = self.value(Reference(symbol), symbol.defined_at or Place(Line("", "", "", 0), 0))
            if value is not None:
                return value
        if self.entry_name != "_start":
            self.session.report_at(None, f'entry symbol "{self.entry_name}" is not defined')
        text = next((output for output in self.outputs if "x" in output.flags), None)
        return self.base if text is None else text.address
