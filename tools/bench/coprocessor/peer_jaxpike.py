"""jaxpike: W1, compiled by XLA."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jaxpike
import numpy as np

from tools.bench.coprocessor.contender import Contender, timed
from tools.bench.coprocessor.dense import Dense, rates


class OneByOne(Contender):
    """One sample a call; the spikes of the output layer come back."""

    def __init__(self, workload: Dense) -> None:
        jax.config.update("jax_cpu_enable_async_dispatch", False)
        self.workload = workload
        tau = -1 / np.log(workload.decay)
        gain = 1 / (1 - workload.decay)  # jaxpike multiplies the input by 1 - decay
        layers: list[object] = []
        thresholds = (workload.hidden_threshold, workload.output_threshold)
        for weights, threshold in zip(workload.weights, thresholds, strict=True):
            dense = jaxpike.Dense(*weights.shape, key=jax.random.key(0), use_bias=False)
            object.__setattr__(dense, "weight", jnp.asarray(weights.T * gain, dtype=jnp.float32))
            layers += [dense, jaxpike.LIF(tau=tau, threshold=float(threshold), reset="zero")]
        self.hidden = jax.jit(lambda x: jaxpike.unroll(jaxpike.Sequential(*layers[:2]), x)[0])
        self.run = jax.jit(lambda x: jaxpike.unroll(jaxpike.Sequential(*layers), x)[0])
        self.samples = self.inputs()
        self.work()

    def inputs(self) -> list[jax.Array]:
        """What one call takes: [steps, inputs]."""
        return [jnp.asarray(sample, dtype=jnp.float32) for sample in self.workload.spikes]

    def work(self) -> None:
        """All samples."""
        for sample in self.samples:
            self.run(sample).block_until_ready()

    def measure(self) -> float:
        return timed(self.work, self.workload.samples)

    def facts(self) -> dict[str, float]:
        hidden = np.stack([self.hidden(sample) for sample in self.samples])
        return rates({"hidden": hidden, "out": np.stack([self.run(sample) for sample in self.samples])})


class Batch(OneByOne):
    """All samples in one call: [steps, samples, inputs]."""

    def inputs(self) -> list[jax.Array]:
        return [jnp.asarray(self.workload.spikes.transpose(1, 0, 2), dtype=jnp.float32)]
