"""snnTorch: W1, step by step as its documentation does it."""

from __future__ import annotations

import snntorch
import torch

from tools.bench.coprocessor.contender import Contender, timed
from tools.bench.coprocessor.dense import Dense, rates


class OneByOne(Contender):
    """One sample a pass, without gradients; the spikes of both layers are recorded."""

    def __init__(self, workload: Dense) -> None:
        torch.set_num_threads(1)
        self.workload = workload
        thresholds = (workload.hidden_threshold, workload.output_threshold)
        self.linear = []
        for weights in workload.weights:
            layer = torch.nn.Linear(*weights.shape, bias=False)
            layer.weight.data = torch.tensor(weights.T, dtype=torch.float32).contiguous()
            self.linear.append(layer)
        self.leaky = [
            snntorch.Leaky(beta=workload.decay, threshold=threshold, reset_mechanism="zero") for threshold in thresholds
        ]
        self.batches = self.inputs()
        with torch.inference_mode():
            self.run(self.batches[0])

    def inputs(self) -> list[torch.Tensor]:
        """What one pass takes: [steps, 1, inputs]."""
        return [torch.tensor(sample, dtype=torch.float32)[:, None] for sample in self.workload.spikes[:16]]

    def run(self, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """One pass: spikes [steps, samples, neurons] of both layers."""
        membranes = [leaky.reset_mem() for leaky in self.leaky]
        hidden, out = [], []
        for step in range(self.workload.steps):
            spikes, membranes[0] = self.leaky[0](self.linear[0](batch[step]), membranes[0])
            hidden.append(spikes)
            spikes, membranes[1] = self.leaky[1](self.linear[1](spikes), membranes[1])
            out.append(spikes)
        return torch.stack(hidden), torch.stack(out)

    def work(self) -> None:
        """All batches."""
        with torch.inference_mode():
            for batch in self.batches:
                self.run(batch)

    def measure(self) -> float:
        return timed(self.work, sum(batch.shape[1] for batch in self.batches))

    def facts(self) -> dict[str, float]:
        with torch.inference_mode():
            done = [self.run(batch) for batch in self.batches]
        return rates({"hidden": torch.stack([one for one, _ in done]), "out": torch.stack([two for _, two in done])})


class Batch(OneByOne):
    """All samples in one pass: [steps, samples, inputs]."""

    def inputs(self) -> list[torch.Tensor]:
        return [torch.tensor(self.workload.spikes.transpose(1, 0, 2), dtype=torch.float32)]
