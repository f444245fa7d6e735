"""Sizes of the fragments of a section: branches that do not reach become long, until nothing changes any more."""

from __future__ import annotations

from typing import Final

from asm.expressions import NotConstant, Value, evaluate, references
from asm.fragments import Branch, Fragment, Leb128, Origin, Section, Space
from asm.symbols import Place, Symbol

# Passes after which sizes only grow, and a size that an expression gives may not change any more.
_PATIENCE: Final = 100
_Sized = Space | Origin | Leb128


class LayoutError(Exception):
    """A fragment whose size cannot be told, with its place in the source."""

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.message, self.place = message, place


def locate_in_section(symbol: Symbol) -> Value:
    """Locate a symbol while sections are laid out: distances inside a section are fixed."""
    if symbol.label is None:
        return symbol, 0
    return symbol.label.section, symbol.label.fragment.address + symbol.label.offset


def lay_out(section: Section) -> list[LayoutError]:
    """Give every fragment of `section` its offset and size; return what could not be laid out.

    The order of estimating and growing is that of GNU as, so that the same branches become long even where more than
    one stable layout exists: a first pass sees forward targets at offset 0, later ones where the pass before left them.
    """
    fragments = section.fragments
    for fragment in fragments:
        fragment.address = fragment.size = 0
    errors: dict[int, LayoutError] = {}
    address = 0
    for fragment in fragments:
        fragment.address = address
        fragment.size = _measure(section, fragment, errors, final=False)
        address += fragment.size
    passes = 0
    unsettled: dict[int, LayoutError] = {}
    changed = True
    while changed:
        changed, stretch = False, 0
        passes += 1
        for fragment in fragments:
            fragment.address += stretch
            size = fragment.size if id(fragment) in unsettled else _measure(section, fragment, errors, final=False)
            if size != fragment.size and passes > _PATIENCE:
                if isinstance(fragment, _Sized):
                    unsettled[id(fragment)] = LayoutError(
                        "the size depends on itself and never settles", fragment.place
                    )
                    size = fragment.size
                size = max(size, fragment.size)
            if size != fragment.size:
                stretch += size - fragment.size
                fragment.size = size
                changed = True
    errors = dict(unsettled)
    for fragment in fragments:
        if id(fragment) in unsettled:
            fragment.size = 0
            continue
        if _measure(section, fragment, errors, final=True) < 0:
            size, fragment.size = fragment.size, 0
            place = fragment.place if isinstance(fragment, Origin | Space) else None
            assert place is not None
            what = ".org would move back by" if isinstance(fragment, Origin) else "the size is negative:"
            errors[id(fragment)] = LayoutError(f"{what} {abs(size)} bytes", place)
    if errors:
        address = 0
        for fragment in fragments:
            fragment.address = address
            address += fragment.size
    section.size = fragments[-1].address + fragments[-1].size if fragments else 0
    return list(errors.values())


def _measure(section: Section, fragment: Fragment, errors: dict[int, LayoutError], final: bool) -> int:
    if isinstance(fragment, Branch):
        return _branch_size(section, fragment)
    if not isinstance(fragment, _Sized):
        return fragment.measure(fragment.address, locate_in_section)
    try:
        return fragment.measure(fragment.address, locate_in_section)
    except NotConstant as reason:
        message = str(reason) or "the value must be a number that does not depend on where the program is placed"
    except ZeroDivisionError:
        message = "division by zero"
    if final:
        errors[id(fragment)] = LayoutError(message, fragment.place)
    return fragment.size


def _branch_size(section: Section, branch: Branch) -> int:
    """A branch to a weak symbol or another section is long: it is not known yet how far that is (as in GNU as)."""
    short, far = branch.sizes()
    branch.far = True
    if any(symbol.binding == "weak" for symbol in references(branch.target)):
        return far
    try:
        base, target = evaluate(branch.target, locate_in_section)
    except (NotConstant, ZeroDivisionError):
        return far
    if base is section and branch.reaches(target - branch.address):
        branch.far = False
        return short
    return far
