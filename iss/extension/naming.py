"""Names for what other tools print as numbers: instructions and CSRs of an extension in disassemblies and logs.

Understood are GNU and LLVM `objdump` and Spike's logs (`-l`, `--log-commits`); lines of other kinds stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from iss.extension.extension import Extension
from iss.isa.definitions import InstructionSet

_DUMP = re.compile(
    r"(?P<head>\s*(?P<pc>[0-9a-f]+):\s+(?P<word>[0-9a-f]{8}|(?:[0-9a-f]{2} ){3}[0-9a-f]{2})\s+)"
    r"(?P<text>\.4byte|\.word|\.long|\.insn|<unknown>|unimp|unknown)(?P<rest>.*)"
)
_SPIKE = re.compile(r"(?P<head>core +\d+: (?P<level>\d )?0x(?P<pc>[0-9a-f]+) \(0x(?P<word>[0-9a-f]{8})\))(?P<rest>.*)")
_CSR_OPERAND = re.compile(r"(?P<before>\bcsr[a-z]*\s.*?)(?P<number>0x[0-9a-f]{3})\b")
_CSR_LOG = re.compile(r"\bc(?P<number>\d+)_\S+")
_CSR_UNKNOWN = re.compile(r"\bunknown_(?P<number>[0-9a-f]{3})\b")


class Namer:
    """Puts the names of extensions into lines of text."""

    def __init__(self, extensions: Iterable[Extension]) -> None:
        self._instructions = InstructionSet("")
        self._csrs: dict[int, str] = {}
        for extension in extensions:
            self._instructions = self._instructions | extension.instructions
            self._csrs |= {csr.number: csr.name for csr in extension.csrs}

    def text(self, word: int, pc: int) -> str | None:
        """The assembly text of a word that is an instruction of the extensions, else None."""
        definition = self._instructions.decode(word)
        if definition is None:
            return None
        return definition.syntax.render(definition.encoding.decode(word), pc, self._csrs)

    def line(self, line: str) -> str:
        """A line with names where it had numbers; `line` has no line end."""
        found = _DUMP.match(line)
        if found is not None:
            text = self.text(_word(found["word"]), int(found["pc"], 16))
            return line if text is None else found["head"] + text.replace(" ", "\t", 1)
        found = _SPIKE.match(line)
        if found is not None:
            return self._log_line(found)
        return _CSR_OPERAND.sub(self._operand, line)

    def _log_line(self, found: re.Match[str]) -> str:
        rest = _CSR_LOG.sub(self._logged, found["rest"])
        text = self.text(int(found["word"], 16), int(found["pc"], 16))
        if found["level"] is not None:  # a commit: what was written follows
            return f"{found['head']}{rest}" + (f"  # {text}" if text else "")
        if text is not None:
            return f"{found['head']} {text.replace(' ', '    ', 1)}"
        return found["head"] + _CSR_UNKNOWN.sub(self._unknown, _CSR_OPERAND.sub(self._operand, rest))

    def _operand(self, found: re.Match[str]) -> str:
        name = self._csrs.get(int(found["number"], 16), found["number"])
        return f"{found['before']}{name}"

    def _logged(self, found: re.Match[str]) -> str:
        number = int(found["number"])
        return f"c{number}_{self._csrs[number]}" if number in self._csrs else found[0]

    def _unknown(self, found: re.Match[str]) -> str:
        return self._csrs.get(int(found["number"], 16), found[0])


def _word(text: str) -> int:
    """Return a word that is printed as such or, by older tools, as bytes in memory's order."""
    pairs = text.split()
    return int("".join(reversed(pairs)) if len(pairs) == 4 else text, 16)
