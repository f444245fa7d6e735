"""Energy estimates from counters (specification 8.2): the table of presets and the formula, in integer femtojoules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from coprocessor.errors import CoprocessorError


@dataclass(frozen=True)
class EnergyPreset:
    """Energies per event in fJ, static power in nW, clock in MHz. `source` tells figures from assumptions."""

    name: str
    instruction_fj: int
    memory_word_fj: int
    synapse_fj: int
    neuron_fj: int
    spike_fj: int
    weight_update_fj: int
    leak_nw: int
    clock_mhz: int
    source: str


_PUBLISHED = "E_s is a published figure for a synaptic operation; the other entries are assumptions"
_ASSUMED = "scaled defaults; every entry is an assumption"

PRESETS: dict[str, EnergyPreset] = {
    preset.name: preset
    for preset in (
        EnergyPreset("default22", 12000, 3500, 2000, 10000, 5000, 4000, 20000, 100, _ASSUMED),
        EnergyPreset("sne22", 12000, 3500, 221, 10000, 5000, 442, 20000, 100, _PUBLISHED),
        EnergyPreset("snapv45", 34286, 10000, 1050, 28571, 14286, 2100, 57143, 100, _PUBLISHED),
        EnergyPreset("seneca22", 12000, 3500, 2800, 10000, 5000, 5600, 20000, 100, _PUBLISHED),
        EnergyPreset("reckon28", 17143, 5000, 5300, 14286, 7143, 10600, 28571, 100, _PUBLISHED),
        EnergyPreset("odin28", 17143, 5000, 12700, 14286, 7143, 25400, 28571, 100, _PUBLISHED),
        EnergyPreset(
            "loihi14",
            7543,
            2200,
            35500,
            72800,
            180300,
            71000,
            12571,
            100,
            "E_s, E_n and E_k are published figures; the other entries are assumptions",
        ),
        EnergyPreset("truenorth28", 17143, 5000, 26000, 14286, 7143, 52000, 28571, 100, _PUBLISHED),
        EnergyPreset("xylo28", 17143, 5000, 2857, 14286, 7143, 5714, 28571, 100, _ASSUMED),
    )
}

DEFAULT_PRESET = "default22"

COUNTER_HEADS = {
    "sop": "SOPs",
    "nup": "neurons",
    "spkin": "spikes in",
    "spkout": "out",
    "wupd": "weights",
    "rdb": "bytes read",
    "wrb": "written",
}
"""Counters of the coprocessor and the heads of their columns in reports, which have cycles in front."""

_ENGINE_OPCODE = 0x2B
_GROUPS = ("spikes", "accumulation", "neurons", "random", "plasticity")
"""Register-level instructions by funct3 (specification 5.1 to 5.5)."""


def instruction_group(word: int = _ENGINE_OPCODE) -> str:
    """The group of an Xnm instruction word: engine, spikes, accumulation, neurons, random or plasticity."""
    return "engine" if word & 0x7F == _ENGINE_OPCODE else _GROUPS[word >> 12 & 7]


def preset(name: str) -> EnergyPreset:
    """The preset of this name; raises CoprocessorError with the known names."""
    if name not in PRESETS:
        raise CoprocessorError(f"unknown energy preset {name!r}; choose one of {', '.join(PRESETS)}")
    return PRESETS[name]


def energy_fj(
    values: EnergyPreset,
    *,
    instructions: int = 0,
    memory_words: int = 0,
    sop: int = 0,
    nup: int = 0,
    spkout: int = 0,
    wupd: int = 0,
    cycles: int = 0,
) -> int:
    """`N_instr*E_i + N_mem32*E_m + sop*E_s + nup*E_n + spkout*E_k + wupd*E_w + floor(leak_nW*cycles/MHz)`, in fJ.

    `instructions` are the retired instructions of the hart, `memory_words` its own loads and stores, `cycles` mcycle.
    """
    dynamic = instructions * values.instruction_fj + memory_words * values.memory_word_fj + sop * values.synapse_fj
    dynamic += nup * values.neuron_fj + spkout * values.spike_fj + wupd * values.weight_update_fj
    return dynamic + values.leak_nw * cycles // values.clock_mhz


def work_fj(values: EnergyPreset, counters: Mapping[str, int], cycles: int = 0) -> int:
    """Energy of what the coprocessor has counted, in fJ, with leakage over so many cycles."""
    return energy_fj(values, cycles=cycles, **{name: counters[name] for name in ("sop", "nup", "spkout", "wupd")})


def picojoules(fj: int) -> str:
    """Femtojoules as picojoules with one decimal, rounded half up."""
    tenths = (fj + 50) // 100
    return f"{tenths // 10:,}.{tenths % 10}"
