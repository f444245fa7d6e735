"""What `--timing list` and `--energy list` print."""

from __future__ import annotations

from iss.hart.timing import COST_CLASSES, MODELS


def print_timing_models() -> None:
    """Print each timing model with its costs in cycles."""
    for model in MODELS.values():
        costs = ", ".join(f"{name} {model.costs.get(name, 1)}" for name in COST_CLASSES)
        print(f"{model.name:<8} {model.title}\n         {costs}, taken branch +{model.taken_branch}")
