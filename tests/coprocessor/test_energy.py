"""The energy model (specification 8.2)."""

from __future__ import annotations

import pytest

from coprocessor.energy import DEFAULT_PRESET, PRESETS, energy_fj, preset
from coprocessor.errors import CoprocessorError


def test_worked_example() -> None:
    """9.1: 84000 fJ without the host's instructions."""
    assert energy_fj(preset(DEFAULT_PRESET), sop=8, nup=4, spkout=2, cycles=90) == 84000


def test_every_event_has_its_price() -> None:
    values = PRESETS["loihi14"]
    counts = dict.fromkeys(("instructions", "memory_words", "sop", "nup", "spkout", "wupd", "cycles"), 1)
    assert energy_fj(values, **counts) == 7543 + 2200 + 35500 + 72800 + 180300 + 71000 + 125
    assert energy_fj(values) == 0


@pytest.mark.parametrize(
    "name", [name for name in PRESETS if name not in ("default22", "sne22", "seneca22", "loihi14")]
)
def test_assumptions_scale_with_the_node(name: str) -> None:
    """E_i, E_m and leakage scale from the 22 nm defaults by 1/0.35 (45 nm) and 0.5/0.35 (28 nm)."""
    factor = {"45": 1 / 0.35, "28": 0.5 / 0.35}[name[-2:]]
    values, base = PRESETS[name], PRESETS["default22"]
    for attribute in ("instruction_fj", "memory_word_fj", "neuron_fj", "spike_fj", "leak_nw"):
        assert getattr(values, attribute) == round(getattr(base, attribute) * factor), attribute


def test_weight_updates_cost_two_synaptic_operations() -> None:
    assert all(values.weight_update_fj == 2 * values.synapse_fj for values in PRESETS.values())


def test_unknown_preset() -> None:
    with pytest.raises(CoprocessorError, match="unknown energy preset 'x'; choose one of default22"):
        preset("x")
