"""The energy of what was counted, by the Xnm manual's model (8.2) with the figures of `coprocessor.energy`."""

from __future__ import annotations

from collections.abc import Mapping

from coprocessor.energy import PRESETS, EnergyPreset, energy_fj
from iss.cli.exit_codes import ExitCode, Failure

_EVENTS = ("sop", "nup", "spkout", "wupd")


def find_preset(name: str) -> EnergyPreset:
    """Return a preset by name; Failure lists those there are."""
    if name not in PRESETS:
        raise Failure(f"energy preset {name!r} is not known, expected one of {', '.join(PRESETS)}", ExitCode.USAGE)
    return PRESETS[name]


def energy_of(
    preset: EnergyPreset, instructions: int, accesses: int, cycles: int, coprocessor: Mapping[str, int]
) -> int:
    """Return femtojoules for retired instructions, the hart's loads and stores, cycles and coprocessor counters."""
    events = {name: coprocessor.get(name, 0) for name in _EVENTS}
    return energy_fj(preset, instructions=instructions, memory_words=accesses, cycles=cycles, **events)
