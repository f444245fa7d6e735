"""Are the figures those of the right result? Our side is compared with the golden model to the bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from coprocessor import Network
from coprocessor.golden import Coprocessor as Golden
from coprocessor.network import Result
from coprocessor.network.formats import tables
from tools.bench.errors import WrongResult


def agree_with_golden(network: Callable[..., Network], spikes: Any) -> None:
    """Run a network on the C coprocessor and on the specification itself; WrongResult unless everything is equal."""
    ours, golden = network(), network(coprocessor=Golden)
    compare(ours, ours.run(spikes), golden, golden.run(spikes))


def compare(ours: Network, our_result: Result, golden: Network, golden_result: Result) -> None:
    """WrongResult unless outputs, counters, states and weights of two networks are equal."""
    for name, output in golden_result.outputs.items():
        if not np.array_equal(our_result[name], output):
            step, neuron = np.argwhere(our_result[name] != output)[0]
            raise WrongResult(f"{name!r} differs from the golden model in step {step}, neuron {neuron}")
    if our_result.counters != golden_result.counters:
        raise WrongResult(
            f"the counters {dict(our_result.counters)} differ from the golden model: {dict(golden_result.counters)}"
        )
    for name in golden.populations:
        for word, values in golden.state(name).items():
            if not np.array_equal(ours.state(name)[word], values):
                raise WrongResult(f"state {word!r} of {name!r} differs from the golden model")
    for name in golden.projections:
        own, theirs = (tables(network.weights(name)) for network in (ours, golden))
        if not all(np.array_equal(own[part], theirs[part]) for part in theirs):
            raise WrongResult(f"the weights of {name!r} differ from the golden model")
