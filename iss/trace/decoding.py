"""What traces want to know of an instruction word, found once for each word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from iss.hart.timing import MODELS, TimingModel
from iss.isa.catalogue import Architecture
from iss.isa.definitions import Definition
from iss.trace.block import Block
from iss.trace.jumps import is_call, is_jump, is_return

UNKNOWN: Final = "?"
_UNIT = ("nm.",)


@dataclass(frozen=True, slots=True)
class Decoded:
    """One word: `reads` and `writes` are sets of x registers as bits, `cost` its cycles without those of a command."""

    word: int
    definition: Definition | None
    mnemonic: str
    reads: int
    writes: int
    cost: int
    is_branch: bool
    is_call: bool
    is_return: bool

    @property
    def is_coprocessor(self) -> bool:
        """Whether it belongs to the spiking coprocessor."""
        return self.mnemonic.startswith(_UNIT)

    @property
    def changes_flow(self) -> bool:
        """Whether something else than the next instruction may follow."""
        return self.is_branch or bool(is_jump(self.word)) or self.mnemonic == "mret"


def timing_of(description: Mapping[str, Any]) -> TimingModel:
    """The timing model of a trace's description; the ideal one if it names none."""
    given = description.get("timing")
    if not isinstance(given, dict):
        return MODELS["ideal"]
    return TimingModel(str(given["name"]), "", dict(given["costs"]), int(given["taken_branch"]))


class Decoder:
    """Decodes words of one architecture under one timing model."""

    def __init__(self, architecture: Architecture, timing: TimingModel) -> None:
        self.architecture, self.timing = architecture, timing
        self._known: dict[int, Decoded] = {}

    def word(self, word: int) -> Decoded:
        """What a word means."""
        found = self._known.get(word)
        if found is None:
            found = self._known[word] = self._decode(word)
        return found

    def _decode(self, word: int) -> Decoded:
        definition = self.architecture.instructions.decode(word)
        if definition is None:
            return Decoded(word, None, UNKNOWN, 0, 0, 1, False, False, False)
        operands = definition.encoding.decode(word)
        written = operands.get("rd", 0) if "rd" in definition.syntax.fields else 0
        reads = 0
        for name in ("rs1", "rs2"):
            if name in definition.syntax.fields:
                reads |= 1 << operands[name]
        return Decoded(
            word,
            definition,
            definition.mnemonic,
            reads & ~1,
            1 << written & ~1,
            self.timing.cost(definition),
            definition.cost_class == "branch",
            is_call(word),
            is_return(word),
        )

    def sites(self, block: Block, what: Callable[[Decoded], Any], kind: Any) -> NDArray[Any]:
        """`what` of the word at each site of a block, as an array of this type."""
        return np.array([what(self.word(int(word))) for word in block.site_word], dtype=kind)
