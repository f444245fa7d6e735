"""What `--timing list` and `--energy list` print."""

from __future__ import annotations

from iss.hart.timing import COST_CLASSES, MODELS


def print_timing_models() -> None:
    """Print each timing model with its costs in cycles."""
    for model in MODELS.values():
        costs = ", ".join(f"{name} {model.costs.get(name, 1)}" for name in COST_CLASSES)
        print(f"{model.name:<8} {model.title}\n         {costs}, taken branch +{model.taken_branch}")


def print_energy_presets() -> None:
    """Print each energy preset with its figures and what they are worth."""
    from coprocessor.energy import PRESETS

    for preset in PRESETS.values():
        figures = (
            f"instruction {preset.instruction_fj}, memory word {preset.memory_word_fj}, synapse {preset.synapse_fj}, "
            f"neuron {preset.neuron_fj}, spike {preset.spike_fj}, weight update {preset.weight_update_fj} fJ, "
            f"leakage {preset.leak_nw} nW, {preset.clock_mhz} MHz"
        )
        print(f"{preset.name:<12} {figures}\n             {preset.source}")
