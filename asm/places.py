"""Where output goes while a source is read: the current section and subsection, and the way back to earlier ones."""

from __future__ import annotations

from typing import Final

from asm.errors import StatementError
from asm.fragments import Align, Fragment, Section
from asm.unit import Unit

# Flags and kind of sections that are named without any, by name or by `name.` prefix.
_DEFAULTS: Final = {
    ".text": ("ax", "progbits"),
    ".init": ("ax", "progbits"),
    ".fini": ("ax", "progbits"),
    ".rodata": ("a", "progbits"),
    ".srodata": ("a", "progbits"),
    ".data": ("aw", "progbits"),
    ".sdata": ("aw", "progbits"),
    ".tohost": ("aw", "progbits"),
    ".bss": ("aw", "nobits"),
    ".sbss": ("aw", "nobits"),
    ".preinit_array": ("aw", "preinit_array"),
    ".init_array": ("aw", "init_array"),
    ".fini_array": ("aw", "fini_array"),
    ".note": ("", "note"),
}
_FIRST: Final = (".text", ".data", ".bss")  # there from the start, in this order, as in GNU as
_UNLOADED: Final = (
    ".debug",
    ".comment",
    ".stab",
    ".note",
    ".gnu",
    ".riscv",
    ".eh_frame",
    ".line",
)


def defaults(name: str) -> tuple[str, str] | None:
    """Return flags and kind that a section's name implies, or None."""
    for prefix, implied in _DEFAULTS.items():
        if name == prefix or name.startswith(prefix + "."):
            return implied
    return ("", "progbits") if name.startswith(_UNLOADED) else None


class SectionStack:
    """The current output position; starts in .text."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._stack: list[tuple[Section, int, tuple[Section, int] | None]] = []
        self._previous: tuple[Section, int] | None = None
        self._marks: dict[tuple[str, int], bool] = {}
        for name in _FIRST:
            self._section(name, *_DEFAULTS[name], 0)
        self.section = unit.sections[_FIRST[0]]
        self.number = 0
        self.fragments = self._fragments()

    def _section(self, name: str, flags: str, kind: str, entry_size: int) -> Section:
        section = self._unit.sections.get(name)
        if section is None:
            section = self._unit.sections[name] = Section(name, flags, kind, entry_size)
        return section

    def _fragments(self) -> list[Fragment]:
        return self.section.subsections.setdefault(self.number, [])

    def append(self, fragment: Fragment) -> None:
        """Append a fragment to the current section."""
        fragments = self.fragments
        if fragments:
            last = fragments[-1]
            first = self.section.subsections.get(0, fragments)
            size = last.known_size(self.number == 0 and last.origin is first[0])
            if size is not None:
                fragment.origin, fragment.from_origin = (
                    last.origin,
                    last.from_origin + size,
                )
        fragments.append(fragment)

    def open(self, name: str, flags: str | None, kind: str | None, entry_size: int = 0) -> Section:
        """Return the section `name`; StatementError if it exists with other flags."""
        existing = self._unit.sections.get(name)
        implied = defaults(name) or ("", "progbits")
        if existing is None:
            return self._section(
                name,
                implied[0] if flags is None else flags,
                kind or implied[1],
                entry_size,
            )
        if flags is not None and set(flags) != set(existing.flags):
            raise StatementError(
                f'section {name} was opened with flags "{existing.flags}" before, found "{flags}"; use the same'
            )
        return existing

    def switch(self, section: Section, number: int = 0) -> None:
        """Make a section (and subsection) current."""
        self._previous = (self.section, self.number)
        self.section, self.number = section, number
        self.fragments = self._fragments()

    def previous(self) -> None:
        """Go back to the section before the last switch."""
        if self._previous is None:
            raise StatementError("there is no previous section to go back to")
        self.switch(*self._previous)

    def push(self) -> None:
        self._stack.append((self.section, self.number, self._previous))

    def pop(self) -> None:
        if not self._stack:
            raise StatementError(".popsection without .pushsection before it")
        section, number, previous = self._stack.pop()
        self.switch(section, number)
        self._previous = previous

    def changes_mark(self, code: bool) -> bool:
        """Tell whether the section turns from data to code here, or the other way; remembers it."""
        key = (self.section.name, self.number)
        if self._marks.get(key) is code:
            return False
        self._marks[key] = code
        return True

    def finish(self, instruction_alignment: int) -> None:
        """Pad code sections to their alignment, so that no program ends inside a word."""
        for section in self._unit.sections.values():
            if section.is_code and any(section.subsections.values()):
                section.alignment = max(section.alignment, instruction_alignment, 4)
                section.subsections[max(section.subsections)].append(Align(section.alignment, None, None))
