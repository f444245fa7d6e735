"""Names of the neuron parameters and of the mode word (specification 2.5, 2.6, 3.1); a new name is a row of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coprocessor.errors import CoprocessorError
from coprocessor.golden.profiles import Profile
from coprocessor.network.checks import Integers, array_of, choice, integers, listed

WORDS = ("P0", "P1", "P2", "P3", "VTH", "VRST")


@dataclass(frozen=True)
class Field:
    """Bits [low + bits - 1 : low] of parameter word `word` (an index into WORDS)."""

    word: int
    low: int
    bits: int
    signed: bool = False
    default: int = 0
    largest: int | None = None

    @property
    def range(self) -> tuple[int, int]:
        """Smallest and largest value."""
        if self.signed:
            return -(1 << self.bits - 1), (1 << self.bits - 1) - 1
        return 0, (1 << self.bits) - 1 if self.largest is None else self.largest

    def encode(self, values: Integers) -> Integers:
        """Values, already in range, as bits of the word."""
        return (values & (1 << self.bits) - 1) << self.low

    def decode(self, word: Integers) -> Integers:
        """Values out of unsigned words."""
        value = word >> self.low & (1 << self.bits) - 1
        return value - (value >> self.bits - 1 << self.bits) if self.signed else value


def _word(index: int) -> Field:
    return Field(index, 0, 32, signed=True)


_SHIFT = Field(2, 0, 5)
_CURRENT, _MEMBRANE = Field(0, 0, 13, default=4096), Field(0, 16, 13, default=4096)
_INTEGRATION = {"bias": _word(1), "input_shift": _SHIFT}
_THRESHOLD = {"threshold": _word(4), "reset_value": _word(5)}
_CUBA = {"current_retention": _CURRENT, "membrane_retention": _MEMBRANE, **_INTEGRATION}

FIELDS: dict[Profile, dict[str, Field]] = {
    Profile.IF: {**_INTEGRATION, **_THRESHOLD},
    Profile.LIF: {"membrane_retention": _MEMBRANE, **_INTEGRATION, **_THRESHOLD},
    Profile.CUBA: {**_CUBA, **_THRESHOLD},
    Profile.ALIF: {
        **_CUBA,
        "threshold_retention": Field(3, 0, 13, default=4096),
        "refractory_retention": Field(3, 16, 13, default=4096),
        "threshold": _word(4),
        "threshold_step": _word(5),
    },
    Profile.IZH: {
        "a": Field(0, 0, 16, signed=True),
        "b": Field(0, 16, 16, signed=True),
        "c": Field(1, 0, 16, signed=True),
        "d": Field(1, 16, 16, signed=True),
        "input_shift": _SHIFT,
        "step_shift": Field(2, 8, 2),
        "updated_v": Field(2, 10, 1),
        "constant_current": _word(3),
        "threshold": _word(4),
    },
    Profile.TN: {
        "leak": Field(0, 0, 9, signed=True),
        "stochastic_leak": Field(0, 9, 1),
        "leak_reversal": Field(0, 10, 1),
        "reset_mode": Field(0, 11, 2, largest=2),
        "negative_saturation": Field(0, 13, 1),
        "negative_threshold": _word(1),
        "input_shift": _SHIFT,
        "threshold_mask": Field(3, 0, 17),
        **_THRESHOLD,
    },
    Profile.LI: {"membrane_retention": _MEMBRANE, **_INTEGRATION},
    Profile.SD: {**_INTEGRATION, "relu": Field(2, 8, 1), "threshold": _word(4)},
}

STATE_NAMES: dict[Profile, tuple[str, ...]] = {
    Profile.IF: ("v",),
    Profile.LIF: ("v",),
    Profile.CUBA: ("u", "v"),
    Profile.ALIF: ("u", "v", "threshold", "refractory"),
    Profile.IZH: ("vu",),
    Profile.TN: ("v",),
    Profile.LI: ("v",),
    Profile.SD: ("sigma", "activation", "residue"),
}
"""Names of the state words in the order of 3.2; a refractory period adds "countdown"."""

_NO_YES = {False: 0, True: 1}
MODE: dict[str, tuple[int, int, dict[Any, int]]] = {
    "rounding": (0, 2, {"zero": 0, "floor": 1, "half_up": 2, "stochastic": 3}),
    "comparison": (2, 1, {">": 0, ">=": 1}),
    "reset": (3, 2, {"assign": 0, "subtract": 1, "hold": 2}),
    "width": (5, 2, {32: 0, 24: 1, 16: 2, 20: 3}),
    "symmetric": (7, 1, _NO_YES),
    "wrap_current": (8, 1, _NO_YES),
    "old_current": (9, 1, _NO_YES),
    "non_negative": (10, 1, _NO_YES),
}
"""Fields of the mode word: lowest bit, bits, and the values by readable names."""


def encode_mode(chosen: Mapping[str, Any]) -> int:
    """The mode word of chosen fields (absent fields are 0); CoprocessorError for an unknown value."""
    return sum(choice(name, value, MODE[name][2]) << MODE[name][0] for name, value in chosen.items())


def decode_mode(word: int) -> dict[str, Any]:
    """The fields of a mode word by name."""
    return {
        name: next(key for key, code in values.items() if code == word >> low & (1 << bits) - 1)
        for name, (low, bits, values) in MODE.items()
    }


def check_parameters(where: str, profile: Profile, n: int, given: Mapping[str, Any]) -> dict[str, Integers]:
    """Every parameter of the profile as an int64 scalar or array [n]; CoprocessorError for unknown names and values."""
    fields = FIELDS[profile]
    for name in given:
        if name not in fields:
            raise CoprocessorError(
                f"{where}: {name!r} is not a parameter of profile {profile.name}; it has {listed(fields)}"
            )
    checked = {}
    for name, field in fields.items():
        value = array_of(f"{where}: {name}", given.get(name, field.default))
        shape = () if value.ndim == 0 else (n,)
        checked[name] = integers(f"{where}: {name}", value, *field.range, shape=shape)
    return checked


def encode_parameters(
    profile: Profile, n: int, values: Mapping[str, Integers]
) -> tuple[list[int], dict[int, Integers]]:
    """The six words of the descriptor, and by word index the words [n] of those that are given per neuron (PPN).

    A word with a per-neuron field holds neuron 0's value in the descriptor.
    """
    words: list[Integers] = [np.zeros((), dtype=np.int64) for _ in WORDS]
    for name, field in FIELDS[profile].items():
        words[field.word] = words[field.word] | field.encode(values[name])
    own = {index: word for index, word in enumerate(words) if word.ndim}
    return [int(word[0] if word.ndim else word) for word in words], own


def decode_parameters(profile: Profile, words: list[int], own: Mapping[int, Integers]) -> dict[str, Integers]:
    """The reverse of `encode_parameters`."""
    return {
        name: field.decode(own.get(field.word, np.asarray(words[field.word], dtype=np.int64)))
        for name, field in FIELDS[profile].items()
    }
