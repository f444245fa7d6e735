"""PyTorch without a library for spiking networks: W4, step by step."""

from __future__ import annotations

import torch
from torch.nn import functional

from tools.bench.coprocessor.contender import Contender, timed
from tools.bench.coprocessor.conv import LAYERS, Conv


class Convolution(Contender):
    """One sample a pass, without gradients; the spikes of all layers are recorded."""

    def __init__(self, workload: Conv) -> None:
        torch.set_num_threads(1)
        self.workload = workload
        self.kernels = [
            torch.tensor(kernel.transpose(3, 0, 1, 2), dtype=torch.float32).contiguous() for kernel in workload.kernels
        ]
        ordered = workload.dense.reshape(workload.pooled, workload.pooled, -1, workload.outputs).transpose(3, 2, 0, 1)
        self.dense = torch.tensor(ordered.reshape(workload.outputs, -1), dtype=torch.float32)
        images = workload.spikes.transpose(0, 1, 4, 2, 3)
        self.samples = [torch.tensor(sample, dtype=torch.float32)[:, None] for sample in images]
        with torch.inference_mode():
            self.run(self.samples[0])

    def run(self, sample: torch.Tensor) -> list[torch.Tensor]:
        """One sample [steps, 1, channels, height, width]: spikes [steps, 1, ...] of the three layers."""
        decay, thresholds = self.workload.decay, self.workload.thresholds
        membranes: list[torch.Tensor | float] = [0.0, 0.0, 0.0]
        recorded: list[list[torch.Tensor]] = [[], [], []]

        def fire(layer: int, current: torch.Tensor) -> torch.Tensor:
            membrane = decay * membranes[layer] + current
            spikes = (membrane > thresholds[layer]).float()
            membranes[layer] = membrane * (1 - spikes)
            recorded[layer].append(spikes)
            return spikes

        for image in sample:
            spikes = fire(0, functional.conv2d(image, self.kernels[0], padding=1))
            pooled = functional.avg_pool2d(spikes, 2, divisor_override=1)
            spikes = fire(1, functional.conv2d(pooled, self.kernels[1], padding=1))
            fire(2, functional.linear(spikes.flatten(1), self.dense))
        return [torch.stack(layer) for layer in recorded]

    def work(self) -> None:
        """All samples."""
        with torch.inference_mode():
            for sample in self.samples:
                self.run(sample)

    def measure(self) -> float:
        return timed(self.work, len(self.samples))

    def facts(self) -> dict[str, float]:
        with torch.inference_mode():
            layers = zip(*(self.run(sample) for sample in self.samples), strict=True)
            return {name: float(torch.stack(layer).mean()) for name, layer in zip(LAYERS, layers, strict=True)}
