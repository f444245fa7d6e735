"""Names for addresses: which function an instruction belongs to, what an object in memory is called."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from iss.loaders.image import Symbol

_ORDER = ("function", "object", "label", "other")
"""Which kind gives the name where several symbols stand at one address."""


class Names:
    """Looks symbols up by address; absolute and thread-local symbols name no address."""

    def __init__(self, symbols: Iterable[Symbol]) -> None:
        """Sort the symbols; of those at one address the kind decides, then the alphabet."""
        found: dict[int, Symbol] = {}
        for symbol in sorted(symbols, key=lambda symbol: symbol.name):
            there = found.get(symbol.address)
            if symbol.kind in _ORDER and (there is None or _ORDER.index(symbol.kind) < _ORDER.index(there.kind)):
                found[symbol.address] = symbol
        self._exact = found
        self._functions = _Sorted(symbol for symbol in found.values() if symbol.kind == "function" and symbol.size)
        self._code = _Sorted(symbol for symbol in found.values() if symbol.kind in ("function", "label"))
        self._all = _Sorted(found.values())

    def function(self, address: int) -> Symbol | None:
        """Return the function around an address or, where none has this extent, the code symbol before it."""
        around = self._functions.before(address)
        if around is not None and address < around.address + around.size:
            return around
        return self._code.before(address)

    def at(self, address: int) -> str:
        """Return the name of an address: a symbol's, a symbol's with an offset inside its size, or hexadecimal."""
        symbol = self._exact.get(address)
        if symbol is not None:
            return symbol.name
        before = self._all.before(address)
        if before is not None and address < before.address + before.size:
            return f"{before.name}+{address - before.address:#x}"
        return f"{address:#010x}"


class _Sorted:
    """Symbols in the order of their addresses."""

    def __init__(self, symbols: Iterable[Symbol]) -> None:
        self._symbols = sorted(symbols, key=lambda symbol: symbol.address)
        self._addresses = [symbol.address for symbol in self._symbols]

    def before(self, address: int) -> Symbol | None:
        """The last one that is not behind an address."""
        position = bisect_right(self._addresses, address)
        return self._symbols[position - 1] if position else None
