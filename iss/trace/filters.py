"""Filters of traces: `mnem~nm & pc in main & mem 0x80010000+64 & reg a0`.

A filter is made of terms, `&` (also `and`), `|` (`or`), `!` (`not`) and parentheses. TERMS lists the terms; to add one,
add a function there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from iss.errors import NeuroHartError
from iss.isa.registers import NUMBER
from iss.trace.block import STORE_BIT, Array
from iss.trace.events import Kind
from iss.trace.reader import Trace
from iss.trace.view import View

_TOKEN: Final = re.compile(r"""\s*(?:"(?P<quoted>[^"]*)"|(?P<operator>[&|!()~=])|(?P<word>[^\s&|!()~="]+))""")
_QUOTE: Final = '"'
_WORDS: Final = {"and": "&", "or": "|", "not": "!"}
_CURE: Final = "for example `mnem~nm & pc in main`, `mem 0x80010000+64`, `reg a0`, `trap`"


class FilterError(NeuroHartError):
    """A filter that cannot be understood: what is wrong and what is expected."""


Mask = Callable[[View], Array]


@dataclass(frozen=True)
class Range:
    """Addresses low..high-1."""

    low: int
    high: int

    def holds(self, addresses: Array) -> Array:
        """Which addresses lie inside."""
        found: Array = (addresses >= self.low) & (addresses < self.high)
        return found


def number(text: str) -> int:
    """A number as users write it; FilterError."""
    try:
        return int(text, 0)
    except ValueError:
        raise FilterError(f"{text!r} is not a number; expected one such as 64 or 0x80000000") from None


def place(text: str, trace: Trace) -> Range:
    """Addresses as users write them: SYMBOL, ADDRESS, either with +LENGTH, or LOW..HIGH. FilterError."""
    low, dots, high = text.partition("..")
    if dots:
        return Range(_start(low, trace).low, _start(high, trace).low)
    start, plus, length = text.partition("+")
    around = _start(start, trace)
    return Range(around.low, around.low + number(length)) if plus else around


def _start(text: str, trace: Trace) -> Range:
    symbol = trace.symbols.get(text)
    if symbol is not None:
        if symbol.size:
            return Range(symbol.address, symbol.address + symbol.size)
        code = sorted(one.address for one in trace.symbols.values() if one.kind in ("function", "label", "object"))
        return Range(symbol.address, next((address for address in code if address > symbol.address), 1 << 32))
    if not text[:1].isdigit():
        known = "" if trace.symbols else " (the trace has no symbols)"
        raise FilterError(f"{text!r} is neither a symbol of the program{known} nor an address such as 0x80000000")
    address = number(text)
    return Range(address, address + 4)


# Terms: each takes what follows its name and gives a mask ------------------------------------------------------------
def _mnemonic(trace: Trace, operator: str, text: str) -> Mask:
    if operator == "=":
        return lambda view: view.each(lambda decoded: decoded.mnemonic == text, bool)
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise FilterError(f"{text!r} is no regular expression: {error}") from None
    return lambda view: view.each(lambda decoded: pattern.search(decoded.mnemonic) is not None, bool)


def _pc(trace: Trace, operator: str, text: str) -> Mask:
    where = place(text, trace)
    if operator == "=":
        start, plus, offset = text.partition("+")
        exact = _start(start, trace).low + (number(offset) if plus else 0)
        where = Range(exact, exact + 4)
    return lambda view: _of_sites(view, where.holds(view.block.site_pc))


def _of_sites(view: View, wanted: Array) -> Array:
    found: Array = wanted[view.block.site]
    return found


def _marked(view: View, indices: Array) -> Array:
    mask = np.zeros(len(view) + 1, bool)
    mask[indices] = True
    return mask[:-1]


def _access(loads: bool, stores: bool) -> Callable[[Trace, str, str], Mask]:
    def term(trace: Trace, operator: str, text: str) -> Mask:
        where = place(text, trace) if text else Range(0, 1 << 33)

        def mask(view: View) -> Array:
            block = view.block
            stored = block.access_kind & STORE_BIT != 0
            first = block.address.astype(np.int64)
            meets = (first < where.high) & (first + (block.access_kind & ~np.uint8(STORE_BIT)) > where.low)
            return _marked(view, block.access_index[meets & (stored & stores | ~stored & loads)])

        return mask

    return term


def _register(reads: bool, writes: bool) -> Callable[[Trace, str, str], Mask]:
    def term(trace: Trace, operator: str, text: str) -> Mask:
        if text not in NUMBER:
            raise FilterError(f"{text!r} is no register; expected a0, sp, x10 or another one of the integer registers")
        bit = 1 << NUMBER[text]

        def mask(view: View) -> Array:
            found = view.each(lambda decoded: bool(decoded.reads & bit), bool) & reads
            found |= (view.destination == NUMBER[text]) & writes
            return found

        return mask

    return term


def _csr(trace: Trace, operator: str, text: str) -> Mask:
    known = {csr.name: csr.number for csr in trace.architecture.csrs}
    if text and text not in known:
        raise FilterError(f"{text!r} is no CSR of {trace.isa}; see `neurohart isa --csrs`")

    def mask(view: View) -> Array:
        tags = view.block.event["tag"]
        wanted = view.kinds == Kind.CSR
        return _marked(view, view.block.event_index[wanted & (tags >> 8 & 0xFFF == known[text]) if text else wanted])

    return mask


def _event(*kinds: Kind) -> Callable[[Trace, str, str], Mask]:
    return lambda trace, operator, text: lambda view: _marked(view, view.block.event_index[np.isin(view.kinds, kinds)])


def _spikes(trace: Trace, operator: str, text: str) -> Mask:
    def mask(view: View) -> Array:
        logged = (view.kinds == Kind.COST) & (view.block.event["b"] > 0)
        return _marked(view, view.block.event_index[logged])

    return mask


def _value(trace: Trace, operator: str, text: str) -> Mask:
    wanted = number(text) & 0xFFFF_FFFF
    return lambda view: (view.value == wanted) & (view.destination != 0)


def _decoded(name: str) -> Callable[[Trace, str, str], Mask]:
    return lambda trace, operator, text: lambda view: view.each(lambda decoded: getattr(decoded, name), bool)


def _taken(trace: Trace, operator: str, text: str) -> Mask:
    return lambda view: view.taken


@dataclass(frozen=True)
class Term:
    """A kind of term: how it is written, what it means, what makes its mask; `operators` stand before the operand."""

    text: str
    meaning: str
    make: Callable[[Trace, str, str], Mask]
    operators: tuple[str, ...] = ()
    operand: str = "none"  # none, optional or needed


TERMS: dict[str, Term] = {
    "mnem": Term("mnem~REGEX, mnem=NAME", "mnemonic", _mnemonic, ("~", "="), "needed"),
    "pc": Term("pc in PLACE, pc=PLACE", "address of the instruction", _pc, ("in", "="), "needed"),
    "mem": Term("mem [PLACE]", "loads and stores", _access(True, True), operand="optional"),
    "load": Term("load [PLACE]", "loads", _access(True, False), operand="optional"),
    "store": Term("store [PLACE]", "stores", _access(False, True), operand="optional"),
    "reg": Term("reg NAME", "reads or writes a register", _register(True, True), operand="needed"),
    "read": Term("read NAME", "reads a register", _register(True, False), operand="needed"),
    "write": Term("write NAME", "writes a register", _register(False, True), operand="needed"),
    "csr": Term("csr [NAME]", "writes a CSR", _csr, operand="optional"),
    "value": Term("value=NUMBER", "writes this value to a register", _value, ("=",), "needed"),
    "nm": Term("nm", "instructions of the coprocessor", _decoded("is_coprocessor")),
    "command": Term("command", "commands to its engine", _event(Kind.COMMAND)),
    "spike": Term("spike", "commands with spikes", _spikes),
    "trap": Term("trap", "what follows an exception or interrupt", _event(Kind.TRAP, Kind.INTERRUPT)),
    "interrupt": Term("interrupt", "what follows an interrupt", _event(Kind.INTERRUPT)),
    "call": Term("call", "calls (jumps that write ra)", _decoded("is_call")),
    "return": Term("return", "returns (jumps to ra)", _decoded("is_return")),
    "taken": Term("taken", "branches that were taken", _taken),
}


class Filter:
    """A filter for one trace, or for traces with its symbols."""

    def __init__(self, text: str, mask: Mask) -> None:
        self.text, self._mask = text, mask

    @classmethod
    def parse(cls, text: str, trace: Trace) -> Filter:
        """Understand a filter; FilterError."""
        return cls(text, _Parser(text, trace).parse())

    def mask(self, view: View) -> Array:
        """Which instructions of a block are wanted, [n] of bool."""
        return self._mask(view)


class _Parser:
    def __init__(self, text: str, trace: Trace) -> None:
        self._text, self._trace = text, trace
        self._tokens: list[str] = []
        position = 0
        text = text.rstrip()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                raise self._fail(f"{text[position:]!r} is not understood")
            token = found["operator"] or found["word"] or ""
            quoted = found["quoted"]
            self._tokens.append(_WORDS.get(token, token) if quoted is None else _QUOTE + quoted)
            position = found.end()

    def _fail(self, problem: str) -> FilterError:
        return FilterError(f"filter {self._text!r}: {problem}; {_CURE}")

    def _next(self) -> str:
        return self._tokens[0] if self._tokens else ""

    def parse(self) -> Mask:
        mask = self._either()
        if self._tokens:
            raise self._fail(f"{self._next()!r} stands where `&` or `|` is expected")
        return mask

    def _either(self) -> Mask:
        mask = self._both()
        while self._next() == "|":
            self._tokens.pop(0)
            mask = _joined(mask, self._both(), np.logical_or)
        return mask

    def _both(self) -> Mask:
        mask = self._single()
        while self._next() == "&":
            self._tokens.pop(0)
            mask = _joined(mask, self._single(), np.logical_and)
        return mask

    def _single(self) -> Mask:
        if not self._tokens:
            raise self._fail("a term is missing")
        token = self._tokens.pop(0)
        if token == "!":
            inner = self._single()
            return lambda view: ~inner(view)
        if token == "(":
            mask = self._either()
            if self._next() != ")":
                raise self._fail("`)` is missing")
            self._tokens.pop(0)
            return mask
        term = TERMS.get(token)
        if term is None:
            raise self._fail(f"{token!r} is no term; there are {', '.join(TERMS)}")
        operator = ""
        if term.operators:
            if self._next() not in term.operators:
                raise self._fail(f"expected {term.text}")
            operator = self._tokens.pop(0)
        operand = ""
        if term.operand != "none" and self._next() not in ("", "&", "|", "!", "(", ")"):
            operand = self._tokens.pop(0).removeprefix(_QUOTE)
        elif term.operand == "needed":
            raise self._fail(f"expected {term.text}")
        try:
            return term.make(self._trace, operator, operand)
        except FilterError as error:
            raise FilterError(f"filter {self._text!r}: {error}") from None


def _joined(left: Mask, right: Mask, operator: Any) -> Mask:
    def mask(view: View) -> Array:
        found: Array = operator(left(view), right(view))
        return found

    return mask
