"""Contents of placed sections: fixups filled in with final values, each checked against what its field can hold."""

from __future__ import annotations

from asm.errors import StatementError
from asm.expressions import Reference
from asm.fragments import (
    Align,
    Branch,
    Data,
    DataFixup,
    Fragment,
    InstructionFixup,
    Leb128,
    Origin,
    Section,
    Space,
    Word,
    leb128,
)
from asm.instructions import apply_modifier, fit
from asm.layout import OutputSection
from asm.resolve import Resolver
from asm.session import Session
from asm.symbols import Place
from iss.memory.map import ADDRESS_SPACE

_SHIFTED = ("upper", "hi", "pcrel_hi")
_HINTS = {"absolute": "; use %lo(...) or la", "upper": "; use %hi(...)"}


def signed_distance(value: int) -> int:
    """Return a difference of addresses as the 32-bit hart sees it: -2**31..2**31-1."""
    half = ADDRESS_SPACE // 2
    return (value + half) % ADDRESS_SPACE - half


class Patcher:
    """Makes the bytes of output sections; errors go to the session."""

    def __init__(self, session: Session, resolver: Resolver, outputs: list[OutputSection]) -> None:
        self._session = session
        self._resolver = resolver
        self._upper_parts = self._find_upper_parts(outputs)

    def _find_upper_parts(self, outputs: list[OutputSection]) -> dict[int, int]:
        """Return for each `%pcrel_hi` instruction's address the distance that its `%pcrel_lo` has to complete."""
        found = {}
        for output in outputs:
            for section in output.inputs:
                for fragment in section.fragments:
                    if not isinstance(fragment, Data):
                        continue
                    for fixup in fragment.fixups:
                        if isinstance(fixup, InstructionFixup) and fixup.modifier == "pcrel_hi":
                            pc = section.position(fragment, fixup.offset)
                            target = self._resolver.value(fixup.expression, fixup.place)
                            found[pc] = signed_distance((target or 0) - pc)
        return found

    def content(self, output: OutputSection) -> bytes:
        """Return the bytes of an output section."""
        content = bytearray()
        for section in output.inputs:
            content += bytes(section.address - output.address - len(content))
            for fragment in section.fragments:
                content += self._fragment(section, fragment)
        return bytes(content)

    def _fragment(self, section: Section, fragment: Fragment) -> bytes:
        match fragment:
            case Data():
                return self._data(section, fragment) if fragment.fixups else bytes(fragment.content)
            case Align():
                return fragment.content()
            case Space():
                return fragment.fill * (fragment.size // len(fragment.fill))
            case Origin():
                return bytes((fragment.fill,)) * fragment.size
            case Leb128():
                return leb128(fragment.value, fragment.signed)
            case Branch():
                return self._branch(section, fragment)
        raise AssertionError(f"no contents for {fragment!r}")

    def _data(self, section: Section, data: Data) -> bytes:
        content = bytearray(data.content)
        for fixup in data.fixups:
            if isinstance(fixup, DataFixup):
                filled = self._number(fixup)
            else:
                filled = self._instruction(fixup, section.position(data, fixup.offset))
            content[fixup.offset : fixup.offset + len(filled)] = filled
        return bytes(content)

    def _number(self, fixup: DataFixup) -> bytes:
        value = self._resolver.value(fixup.expression, fixup.place) or 0
        bits = 8 * fixup.size
        if bits < 32 and not -(1 << (bits - 1)) <= value < 1 << bits:
            allowed = f"{-(1 << (bits - 1))}..{(1 << bits) - 1}"
            message = f"value {value} ({value:#x}) is out of range {allowed} of {bits} bits"
            self._session.report_at(fixup.place, message)
        return (value & ((1 << bits) - 1)).to_bytes(fixup.size, "little")

    def _instruction(self, fixup: InstructionFixup, pc: int) -> bytes:
        word = fixup.word
        try:
            if fixup.modifier == "pcrel_lo":
                value = self._lower_part(fixup)
            elif fixup.modifier == "pcrel_hi":
                value = apply_modifier("hi", self._upper_parts[pc])
            else:
                final = self._resolver.value(fixup.expression, fixup.place)
                if final is None:
                    return word.encode(0)
                if fixup.modifier == "target":
                    return self._jump(word, final, pc, fixup.place)
                value = apply_modifier(fixup.modifier, final) if fixup.modifier in ("hi", "lo") else final
            field = word.encoding.fields[word.field]
            return word.encode(fit(field, value, field.low if fixup.modifier in _SHIFTED else 0, None))
        except StatementError as error:
            self._session.report_at(fixup.place, error.message + _HINTS.get(fixup.modifier, ""))
            return word.encode(0)

    def _lower_part(self, fixup: InstructionFixup) -> int:
        """Return the low part that belongs to the `%pcrel_hi` at the label that `%pcrel_lo` names."""
        label = fixup.expression
        address = self._resolver.value(label, fixup.place) if isinstance(label, Reference) else None
        if address is not None and address in self._upper_parts:
            return apply_modifier("lo", self._upper_parts[address])
        if self._resolver.is_reported(label):
            return 0
        raise StatementError("%pcrel_lo must name the label of an instruction with %pcrel_hi")

    def _jump(self, word: Word, target: int, pc: int, where: Place) -> bytes:
        distance = signed_distance(target - pc)
        field = word.encoding.fields[word.field]
        if distance % (1 << field.low):
            message = f"the target {target:#x} is {distance} bytes away, which is not a multiple of {1 << field.low}"
        elif not field.minimum <= distance <= field.maximum:
            reach = f"the instruction reaches {field.minimum}..{field.maximum}"
            message = f"the target {target:#x} is {distance} bytes away, {reach}; use call, tail or jump"
        else:
            return word.encode(distance)
        self._session.report_at(where, message)
        return word.encode(0)

    def _branch(self, section: Section, branch: Branch) -> bytes:
        pc = section.address + branch.address
        target = self._resolver.value(branch.target, branch.place)
        if target is None:
            return bytes(branch.size)
        if not branch.far:
            return self._jump(branch.short, target, pc, branch.place)
        skip = branch.inverse.encode(branch.size)
        return skip + self._jump(branch.jump, target, pc + len(skip), branch.place)
