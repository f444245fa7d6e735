"""Which contenders are compared on which workload, and what must be reached. A new comparison is a row here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Side:
    """A contender, as "module:Class" of this package; `package` is the library that a peer needs."""

    label: str
    contender: str
    package: str | None = None
    cores: int = 1


@dataclass(frozen=True)
class Row:
    """Ours against another one; `must_reach` is how many times as fast ours has to be, None for information."""

    ours: Side
    other: Side
    must_reach: float | None = None


@dataclass(frozen=True)
class Suite:
    """A workload ("module:Class" with `sizes`, with `quick` ones to see that everything runs) and its comparisons.

    `tolerance` is by how much what both sides compute may differ, as a fraction; `memory_limit` is of our side, in
    bytes, with everything that is in the process.
    """

    title: str
    unit: str
    workload: str
    rows: tuple[Row, ...]
    tolerance: float
    sizes: Mapping[str, int] = field(default_factory=dict)
    quick: Mapping[str, int] = field(default_factory=dict)
    memory_limit: int | None = None


PYTHON = Side("Python", "dense:Python")
FIRMWARE = Side("firmware", "dense_firmware:Firmware")
BATCH = Side("Python, 1 thread", "dense:Batch")
BATCH_ON_TWO = Side("Python, 2 threads", "dense:BatchOnTwoThreads", cores=2)
JAXPIKE = Side("jaxpike", "peer_jaxpike:OneByOne", "jaxpike")
SNNTORCH = Side("snnTorch", "peer_snntorch:OneByOne", "snntorch")
SNNTORCH_BATCH = Side("snnTorch", "peer_snntorch:Batch", "snntorch")
JAXPIKE_BATCH = Side("jaxpike", "peer_jaxpike:Batch", "jaxpike")
CUBA = Side("Python", "cuba:Python")
BRIAN2_CUBA = Side("Brian2", "peer_brian2:Cuba", "brian2")
STDP = Side("Python", "stdp:Python")
BRIAN2_STDP = Side("Brian2", "peer_brian2:Learning", "brian2")
CONV = Side("Python", "conv:Python")
TORCH = Side("PyTorch", "peer_torch:Convolution", "torch")

SUITES = {
    "w1": Suite(
        "dense 784-512-10, 100 steps, 10 % input spikes, one sample after the other",
        "sample",
        "dense:Dense",
        tuple(Row(ours, *other) for ours in (PYTHON, FIRMWARE) for other in ((JAXPIKE, 15), (SNNTORCH, 200))),
        tolerance=0.02,
        quick={"samples": 8, "steps": 10},
    ),
    "w1-batch": Suite(
        "the same, 128 samples at once",
        "sample",
        "dense:Dense",
        (Row(BATCH, SNNTORCH_BATCH, 20), Row(BATCH, JAXPIKE_BATCH), Row(BATCH_ON_TWO, BATCH, 1.8)),
        tolerance=0.02,
        quick={"samples": 8, "steps": 10},
    ),
    "w2": Suite(
        "CUBA network, 4,000 neurons x 80 synapses",
        "step",
        "cuba:Workload",
        (Row(CUBA, BRIAN2_CUBA, 5),),
        tolerance=0.15,
        quick={"steps": 2500},
    ),
    "w2-large": Suite(
        "CUBA network, 40,000 neurons x 1,000 synapses",
        "step",
        "cuba:Workload",
        (Row(CUBA, BRIAN2_CUBA, 3.5),),
        tolerance=0.15,
        sizes={"neurons": 40_000, "synapses": 1000, "steps": 5000, "stretch": 50},
        quick={"neurons": 10_000, "synapses": 250, "steps": 1000},
        memory_limit=170_000_000,
    ),
    "w3": Suite(
        "pair STDP, 1,000 inputs to 100 neurons, 10 % input spikes",
        "step",
        "stdp:Stdp",
        (Row(STDP, BRIAN2_STDP, 8),),
        tolerance=0.05,
        quick={"steps": 200},
    ),
    "w4": Suite(
        "conv 2x34x34, 8x3x3, pool, 16x3x3, dense 10, 100 steps, 1 % input spikes",
        "sample",
        "conv:Conv",
        (Row(CONV, TORCH, 12),),
        tolerance=0.02,
        quick={"samples": 1, "steps": 50},
    ),
}
