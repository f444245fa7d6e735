"""From an architecture string such as `rv32im_zicsr_zifencei` to instruction definitions and CSRs.

An `Architecture` is the value that assembler, disassembler, hart and engines are built from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from iss.errors import NeuroHartError
from iss.isa import csrs
from iss.isa.csrs import CsrTable
from iss.isa.definitions import InstructionSet
from iss.isa.privileged import privileged
from iss.isa.rv32i import rv32i
from iss.isa.rv32m import rv32m
from iss.isa.state import StateField, StateLayout
from iss.isa.zicsr import zicsr
from iss.isa.zifencei import zifencei

DEFAULT_ISA = "rv32im_zicsr_zifencei_zicntr"
MISA_XLEN_32 = 1 << 30


@dataclass(frozen=True, slots=True)
class Extension:
    """What one name of an architecture string brings: instructions, CSRs and the names it needs beside it."""

    name: str
    title: str
    instructions: InstructionSet | None = None
    csrs: CsrTable | None = None
    needs: tuple[str, ...] = ()
    states: tuple[StateField, ...] = ()
    custom: bool = False  # a user's, not built into the compiled interpreter


@dataclass(frozen=True, slots=True, eq=False)
class Architecture:
    """A chosen set of extensions: their instructions, CSRs and canonical name."""

    isa: str
    extensions: tuple[Extension, ...]
    instructions: InstructionSet
    csrs: CsrTable
    states: StateLayout

    @property
    def misa(self) -> int:
        """Value of the misa CSR: MXL = 1 and a bit for each single-letter extension."""
        letters = [extension.name for extension in self.extensions if len(extension.name) == 1]
        custom = ["x"] if any(extension.name.startswith("x") for extension in self.extensions) else []
        return MISA_XLEN_32 | sum(1 << ord(letter) - ord("a") for letter in letters + custom)

    @property
    def is_custom(self) -> bool:
        """Whether some extension is a user's, so that the interpreter has to be compiled for it."""
        return any(extension.custom for extension in self.extensions)

    def has(self, name: str) -> bool:
        return any(extension.name == name for extension in self.extensions)


STANDARD: dict[str, Extension] = {
    "i": Extension("i", rv32i.title, rv32i),
    "m": Extension("m", rv32m.title, rv32m),
    "zicsr": Extension("zicsr", zicsr.title, zicsr),
    "zifencei": Extension("zifencei", zifencei.title, zifencei),
    "zicntr": Extension("zicntr", "Base counters and timers", csrs=csrs.zicntr, needs=("zicsr",)),
}


def architecture(isa: str = DEFAULT_ISA, extra: Mapping[str, Extension] | None = None) -> Architecture:
    """Return the architecture an ISA string names; machine mode is always part of it.

    `extra` offers further extensions by name. NeuroHartError says which part of the string is not known.
    """
    known = STANDARD | dict(extra or {})
    chosen: dict[str, Extension] = {}

    def choose(name: str) -> None:
        extension = known.get(name)
        if extension is None:
            raise NeuroHartError(
                f"ISA {isa!r}: extension {name!r} is not known, expected one of {', '.join(known)}{_cure(name)}"
            )
        if extension.name not in chosen:
            chosen[extension.name] = extension
            for needed in extension.needs:
                choose(needed)

    for name in _names(isa):
        choose(name)
    instructions, table = privileged, csrs.machine
    states: list[StateField] = []
    for extension in chosen.values():
        if extension.instructions is not None:
            instructions = instructions | extension.instructions
        if extension.csrs is not None:
            table = table | extension.csrs
        for state in extension.states:
            if any(other.name == state.name for other in states):
                raise NeuroHartError(f"ISA {isa!r}: two extensions have a state {state.name!r}; rename one")
            states.append(state)
    return Architecture(isa, tuple(chosen.values()), instructions, table, StateLayout(states))


def _cure(name: str) -> str:
    return "; one of your own is loaded with --ext FILE" if name.startswith("x") else ""


def instruction_set(isa: str = DEFAULT_ISA, extra: Mapping[str, Extension] | None = None) -> InstructionSet:
    """Return only the instructions of `architecture(isa, extra)`."""
    return architecture(isa, extra).instructions


def _names(isa: str) -> list[str]:
    """Split `rv32im_zicsr` or `rv32i2p1_m2p0_zicsr2p0` into its extension names, without versions."""
    found = re.match(r"rv32([a-z]+)((?:_[a-z0-9]+)*)\Z", re.sub(r"\d+p\d+", "", isa.lower()))
    if found is None or not found[1].startswith("i"):
        raise NeuroHartError(f"ISA {isa!r} is not understood; expected something like {DEFAULT_ISA}")
    return [*found[1], *filter(None, found[2].split("_"))]
