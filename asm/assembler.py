"""Reads one source, statement by statement, into a Unit: labels, assignments, directives, macros, instructions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from asm.arguments import Arguments, split_operands
from asm.blocks import BlockReader
from asm.conditions import Conditions
from asm.directives import DIRECTIVES
from asm.errors import StatementError
from asm.expressions import Expression, ExpressionParser, Reference
from asm.fragments import (
    Align,
    Data,
    DataFixup,
    Fragment,
    InstructionFixup,
    Mark,
    Origin,
    Row,
    Section,
)
from asm.instructions import assemble_instruction
from asm.places import SectionStack
from asm.session import Session
from asm.source import Line, Source, preprocessor_lines, read_lines
from asm.symbols import Label, Place, Symbol
from asm.unit import Unit

_LABEL = re.compile(r'\s*(?:([A-Za-z_.$][\w.$]*)|(\d+)|"((?:[^"\\]|\\.)*)")\s*:')
_ASSIGNMENT = re.compile(r"\s*([A-Za-z_.$][\w.$]*)\s*(==?)(?!=)")
_OPERATION = re.compile(r"\s*([A-Za-z_.$][\w.$]*)")
_NUMERIC: Final = re.compile(r"(\d+)([bf])")
MAXIMUM_DIAGNOSTICS: Final = 1000
Fixup = DataFixup | InstructionFixup


class Assembler:
    """The state of assembling one source. Directives call the methods below."""

    def __init__(self, session: Session, source: Source) -> None:
        self.session = session
        self.forms = session.forms
        self.csr_numbers = session.csr_numbers
        self.unit = Unit(source.name)
        self.source = source
        self.places = SectionStack(self.unit)
        self.blocks = BlockReader(self)
        self.conditions = Conditions()
        self.line = Line("", "", source.name, 0)
        self.column = 0
        self.option_depth = 0
        self.location: tuple[str, int, int, bool] | None = None
        self.is_statement = True
        self._numeric: dict[int, int] = {}
        self._anonymous = 0
        self._warned: set[str] = set()
        for name, value in session.defines.items():
            self.assign(name, value, 0)

    # Reading ---------------------------------------------------------------------------------------------------
    def run(self) -> Unit:
        """Read all of the source; errors go to the session's diagnostics."""
        self.include(self.source, ())
        while (statement := self.blocks.next_statement()) is not None:
            self.line, column, text = statement
            self.column = column + len(text) - len(text.lstrip())
            try:
                self._statement(text, column)
            except StatementError as error:
                self.session.report(
                    self.line,
                    self.column if error.column is None else error.column,
                    error.message,
                )
            except RecursionError:
                self.session.report(self.line, column, "the expression is nested too deeply")
            if len(self.session.diagnostics) >= MAXIMUM_DIAGNOSTICS:
                self.session.report(self.line, column, "too many errors, the rest of the source is not read")
                break
        for line, column, message in [
            *self.conditions.open_blocks(),
            *self.blocks.open_blocks(),
        ]:
            self.session.report(line, column, message)
        self.places.finish(self.session.instruction_alignment)
        return self.unit

    def include(self, source: Source, reached: tuple[str, ...]) -> None:
        """Read a source's lines next, before what is left of the current one."""
        lines, problems = read_lines(source, reached)
        for number, message in problems:
            line = Line("", source.text.split("\n")[number - 1], source.name, number, reached)
            self.session.report(line, max(0, line.raw.find("/*")), message)
        for line in preprocessor_lines(lines):
            self.session.report(
                line,
                0,
                "this is a comment: there is no C preprocessor here; use .include, .equ, .ifdef",
                "warning",
            )
        self.blocks.push_lines(lines)

    def _statement(self, text: str, base: int) -> None:
        position = 0
        active = self.conditions.active
        if not active and "." not in text:
            return
        while (found := _LABEL.match(text, position)) is not None:
            if active:
                self._define_label(found, base + found.start(found.lastindex or 0))
            position = found.end()
        if "=" in text and (found := _ASSIGNMENT.match(text, position)) is not None:
            if active:
                self._assignment(found, text, base)
            return
        operation = _OPERATION.match(text, position)
        if operation is None:
            rest = text[position:]
            if active and rest.strip():
                at = base + position + len(rest) - len(rest.lstrip())
                raise StatementError(
                    f"expected a label, instruction or directive, found {rest.strip()[:20]!r}",
                    at,
                )
            return
        name, arguments = operation[1], text[operation.end() :]
        column = self.column = base + operation.start(1)
        at = base + operation.end()
        if name[0] == "." and (name.lower() in DIRECTIVES or not self.blocks.is_macro(name)):
            if active or DIRECTIVES.get(name.lower(), (None, False))[1]:
                self.directive(name, arguments, column, at)
            return
        if not active:
            return
        if self.blocks.is_macro(name):
            self.blocks.call_macro(name, arguments, column)
            return
        if self.forms.of(name) is None and self.forms.of(name.lower()) is not None:
            name = name.lower()
        assemble_instruction(self, name, split_operands(arguments, at), column)

    def directive(self, name: str, text: str, column: int, base: int | None = None) -> None:
        """Carry out a directive, with `text` as its arguments."""
        entry = DIRECTIVES.get(name.lower())
        if entry is None:
            raise StatementError(f'unknown directive "{name}"{self._similar(name, DIRECTIVES)}', column)
        arguments = Arguments(text, column if base is None else base, self.lookup)
        entry[0](self, name.lower(), arguments)

    @staticmethod
    def _similar(
        name: str,
        known: dict[str, object] | dict[str, tuple[Callable[..., None], bool]],
    ) -> str:
        from difflib import get_close_matches

        close = get_close_matches(name.lower(), known, 1)
        return f'; did you mean "{close[0]}"?' if close else ""

    def known_names(self) -> list[str]:
        """Return mnemonics and macro names, for suggestions."""
        return [*self.forms.mnemonics(), *self.blocks.macro_names()]

    # Symbols ---------------------------------------------------------------------------------------------------
    def symbol(self, name: str) -> Symbol:
        """Return the symbol of a name, new if need be."""
        symbol = self.unit.symbols.get(name)
        if symbol is None:
            symbol = self.unit.symbols[name] = Symbol(name)
        return symbol

    def is_defined(self, name: str) -> bool:
        symbol = self.unit.symbols.get(name)
        return symbol is not None and symbol.defined

    def lookup(self, name: str, column: int) -> Expression:
        """Return what a name in an expression stands for now."""
        if name == ".":
            return Reference(self.anonymous_symbol())
        found = _NUMERIC.fullmatch(name)
        if found is not None:
            number = int(found[1])
            count = self._numeric.get(number, 0)
            if found[2] == "b" and count == 0:
                raise StatementError(
                    f'there is no label "{number}:" before this; "{number}f" looks forward',
                    column,
                )
            name = f"{number}\x01{count + (found[2] == 'f')}"
        symbol = self.symbol(name)
        if symbol.text:
            return self._read_again(symbol, column)
        if isinstance(symbol.expression, int):
            return symbol.expression
        if symbol.used_at is None:
            symbol.used_at = Place(self.line, column)
        return Reference(symbol)

    def _read_again(self, symbol: Symbol, column: int) -> Expression:
        text, symbol.text = symbol.text, ""
        try:
            return ExpressionParser(text, column, self.lookup).parse()
        finally:
            symbol.text = text

    def anonymous_symbol(self) -> Symbol:
        """Return a nameless label at the current position."""
        self._anonymous += 1
        symbol = Symbol(f".L\x01{self._anonymous}")
        symbol.label = Label(self.section, *self.here())
        return symbol

    def anonymous_label(self) -> str:
        """Return the name of a new label at the current position that no source can mention."""
        symbol = self.anonymous_symbol()
        self.unit.symbols[symbol.name] = symbol
        return symbol.name

    def _define_label(self, found: re.Match[str], column: int) -> None:
        if found[2] is not None:
            number = int(found[2])
            self._numeric[number] = self._numeric.get(number, 0) + 1
            name = f"{number}\x01{self._numeric[number]}"
        else:
            name = found[1] if found[1] is not None else found[3]
        symbol = self.symbol(name)
        self.check_undefined(symbol, column)
        symbol.label = Label(self.section, *self.here())
        symbol.defined_at = Place(self.line, column)

    def check_undefined(self, symbol: Symbol, column: int) -> None:
        """Refuse to define a symbol a second time."""
        if symbol.defined:
            where = symbol.defined_at
            before = f" at {where.line.file}:{where.line.number}" if where is not None and where.line.number else ""
            raise StatementError(f'symbol "{symbol.shown_name}" is already defined{before}', column)

    def _assignment(self, found: re.Match[str], text: str, base: int) -> None:
        parser = ExpressionParser(text, base, self.lookup, found.end())
        expression = parser.parse()
        if parser.rest().strip():
            raise parser.fail(f"expected the end of the statement, found {parser.rest().strip()[:20]!r}")
        self.assign(found[1], expression, base + found.start(1), once=found[2] == "==")

    def assign(
        self,
        name: str,
        value: Expression,
        column: int,
        *,
        once: bool = False,
        text: str = "",
    ) -> None:
        """Give a symbol a value (`.set`); `once` refuses a defined symbol, `text` is read anew at each use."""
        if name == ".":
            self.set_origin(value, 0, column)
            return
        symbol = self.symbol(name)
        if symbol.label is not None or symbol.common is not None or (once and symbol.defined):
            self.check_undefined(symbol, column)
        if symbol.expression is not None:
            renewed = Symbol(name)
            renewed.binding, renewed.kind, renewed.size = (
                symbol.binding,
                symbol.kind,
                symbol.size,
            )
            renewed.visibility, renewed.used_at = symbol.visibility, symbol.used_at
            symbol = self.unit.symbols[name] = renewed
        symbol.expression = value
        symbol.text = text
        symbol.defined_at = Place(self.line, column)

    def set_origin(self, target: Expression, fill: int, column: int) -> None:
        """Go on at an offset of the section (`.org`, `. = expression`)."""
        self.reserve(Origin(target, fill, self.section, Place(self.line, column)))

    # Emitting --------------------------------------------------------------------------------------------------
    @property
    def section(self) -> Section:
        return self.places.section

    def expression(self, text: str, column: int) -> Expression:
        """Read `text` as one expression."""
        parser = ExpressionParser(text, column, self.lookup)
        value = parser.parse()
        if parser.rest().strip():
            raise parser.fail(f"expected the end of the operand, found {parser.rest().strip()[:20]!r}")
        return value

    def data(self) -> Data:
        """Return the fragment that bytes are appended to."""
        fragments = self.places.fragments
        if fragments and isinstance(fragments[-1], Data):
            return fragments[-1]
        fragment = Data()
        self.places.append(fragment)
        return fragment

    def here(self) -> tuple[Fragment, int]:
        """Return the current position."""
        data = self.data()
        return data, len(data.content)

    def emit(self, content: bytes, fixup: Callable[[int, Place], Fixup] | None = None) -> None:
        """Append data, with a fixup made from its offset and the current line if some of it is not known yet."""
        data = self._data_for(len(content), code=False)
        if fixup is not None:
            data.fixups.append(fixup(len(data.content), Place(self.line, 0)))
        data.content += content

    def emit_instruction(self, content: bytes, fixup: Callable[[int, Place], Fixup] | None = None) -> None:
        """Append an instruction."""
        data = self._data_for(len(content), code=True)
        self._line_row(data, len(data.content))
        if fixup is not None:
            data.fixups.append(fixup(len(data.content), Place(self.line, 0)))
        data.content += content

    def emit_fragment(self, fragment: Fragment, code: bool) -> None:
        """Append code or data whose size is not fixed."""
        self._check_contents(code)
        self._list(fragment, 0)
        self._mark(fragment, 0, code)
        if code:
            self._line_row(fragment, 0)
        self.places.append(fragment)

    def reserve(self, fragment: Fragment) -> None:
        """Append padding or space, which sections without contents can hold too."""
        self._list(fragment, 0)
        self.places.append(fragment)

    def _list(self, fragment: Fragment, offset: int) -> None:
        if self.session.listing:
            self.unit.emitted.append((self.section, fragment, offset, self.line))

    def _data_for(self, size: int, code: bool) -> Data:
        data = self.data()
        if size:
            self._check_contents(code)
            self._mark(data, len(data.content), code)
            self._list(data, len(data.content))
        return data

    def _check_contents(self, code: bool) -> None:
        section = self.section
        if section.kind == "nobits":
            raise StatementError(f"section {section.name} holds no contents; use .space or .zero to reserve memory")
        if code:
            if not section.is_code and section.name not in self._warned:
                self._warned.add(section.name)
                self.session.report(
                    self.line,
                    self.column,
                    f'instruction in section {section.name}, which is not executable (flags "{section.flags}"); '
                    'use .text or .section with "ax"',
                    "warning",
                )
            section.alignment = max(section.alignment, self.session.instruction_alignment)

    def _mark(self, fragment: Fragment, offset: int, code: bool) -> None:
        section = self.section
        if section.is_code and self.places.changes_mark(code):
            section.marks.append(Mark(fragment, offset, code, Place(self.line, 0)))

    def _line_row(self, fragment: Fragment, offset: int) -> None:
        if self.unit.has_locations:
            if self.location is not None:
                file, number, column, statement = self.location
                self.section.rows.append(Row(fragment, offset, file, number, column, statement))
                self.location = None
            return
        line = self.line.visible
        rows = self.section.rows
        if not rows or rows[-1].line != line.number or rows[-1].file != line.file:
            rows.append(Row(fragment, offset, line.file, line.number))

    def start_location(self, path: str, line: int, column: int) -> None:
        """Carry out `.loc`; from the first one on, they alone say which lines instructions come from."""
        if not self.unit.has_locations:
            self.unit.has_locations = True
            for section in self.unit.sections.values():
                section.rows.clear()
        if self.location is not None:
            self._line_row(*self.here())
        self.location = (path, line, column, self.is_statement)

    def align(self, alignment: int, fill: bytes | None, limit: int | None) -> None:
        """Pad to a multiple of `alignment`."""
        section = self.section
        if alignment <= 1:
            return
        section.alignment = max(section.alignment, alignment)
        if fill is None and not section.is_code:
            fill = b"\0"
        self.reserve(Align(alignment, fill, limit))
