"""Profile CUBA against spikes that Intel's bit-accurate model gives for a trained network, in C, golden and firmware.

The data, of the tutorial netx/oxford of lava-dl (BSD-3-Clause), are not part of the project; they lie beside the
checkout.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coprocessor import Network
from coprocessor.golden import Coprocessor as Golden
from tests.network.firmware import FINISH, Firmware
from tools.validation.findings import Finding, ReferenceMissing

GOLD = Path(__file__).resolve().parents[3] / "shared" / "data" / "loihi-oxford" / "oxford.npz"
INPUTS, NEURONS, STEPS, SPIKES = 200, 256, 2000, 1826
RETENTION = 4096 - 415
THRESHOLD = 6 << 6


class Oxford:
    """Weights [pre, post], input [steps, pre] and gold spikes [steps, post]; raises ReferenceMissing."""

    def __init__(self) -> None:
        if not GOLD.exists():
            raise ReferenceMissing("oxford needs ../shared/data/loihi-oxford/oxford.npz beside the checkout")
        with np.load(GOLD) as file:
            self.weights: NDArray[np.int64] = file["weight"].astype(np.int64).T
            self.spikes = np.unpackbits(file["input_spikes"], axis=1, count=STEPS).T
            self.gold = np.unpackbits(file["gold_spikes"], axis=1, count=STEPS).T
        complete = self.weights.shape == (INPUTS, NEURONS) and self.gold.shape == (STEPS, NEURONS)
        if not complete or (self.weights & 1).any() or int(self.gold.sum()) != SPIKES:
            raise ReferenceMissing(f"{GOLD.name} is not the data set it was: {SPIKES} spikes, even weights")


data = cache(Oxford)


def network(weights: NDArray[np.int64], **options: Any) -> Network:
    """The layer as appendix A.1 of the specification maps it: no memory in the current, delay 1, weights halved."""
    made = Network(**options)
    made.input("axons", INPUTS)
    made.population(
        "layer",
        weights.shape[1],
        "CUBA",
        width=24,
        symmetric=True,
        wrap_current=True,
        current_retention=0,
        membrane_retention=RETENTION,
        input_shift=6,
        threshold=THRESHOLD,
    )
    made.dense("axons", "layer", weights // 2, exponent=1, delay=1)
    return made


def in_c() -> int:
    """Spike bits that differ, from Python on the C kernels."""
    oxford = data()
    return int(np.count_nonzero(network(oxford.weights).run(oxford.spikes)["layer"] != oxford.gold))


def in_golden(own: slice = slice(None)) -> int:
    """Those of some neurons, on the specification itself; 10 seconds for all."""
    oxford = data()
    result = network(oxford.weights[:, own], coprocessor=Golden).run(oxford.spikes)
    return int(np.count_nonzero(result["layer"] != oxford.gold[:, own]))


FIRMWARE = f"""
    .include "nm_descriptors.inc"
    .include "nm_layer.inc"
    .equ STEPS, {STEPS}
    .globl _start
_start:
    nm_enable
    call load
    li   s0, STEPS
    la   s1, axons
    la   s2, spikes
1:  la   a0, state                      # the currents of the step before: delay 1
    la   a1, currents
    mv   a2, s2
    call update
    mv   a0, s1
    la   a1, weights
    la   a2, currents
    call rows
    addi s1, s1, 28
    addi s2, s2, 32
    addi s0, s0, -1
    bnez s0, 1b
{FINISH}
    nm_load load, mode=NM_WIDTH_24 | NM_SYMMETRIC | NM_WRAP_CURRENT, p0={RETENTION} << 16, p2=6, vth={THRESHOLD}
    nm_update update, n={NEURONS}, profile=CUBA
    nm_rows rows, n={INPUTS}, m={NEURONS}, exponent=1
    .bss
    .balign 4
weights:  .space {INPUTS * NEURONS}
axons:    .space 28 * STEPS
spikes:   .space 32 * STEPS
currents: .space 4 * {NEURONS}
state:    .space 8 * {NEURONS}
"""


def in_firmware() -> int:
    """Those of firmware on a hart: nm.cubi, nm.cubv and nm.thr, no engine."""
    oxford = data()
    padded = np.zeros((STEPS, 224), dtype=np.uint8)
    padded[:, :INPUTS] = oxford.spikes
    firmware = Firmware(FIRMWARE)
    weights = (oxford.weights // 2).astype(np.int8).tobytes()
    firmware.run({"axons": np.packbits(padded, bitorder="little").tobytes(), "weights": weights})
    if firmware.machine.coprocessor.state()["counters"]["nup"]:
        raise AssertionError("firmware of single instructions has used the engine")
    words = firmware.words("spikes", 8 * STEPS).view(np.uint8).reshape(STEPS, -1)
    return int(np.count_nonzero(np.unpackbits(words, axis=1, bitorder="little") != oxford.gold))


WAYS: dict[str, Callable[[], int]] = {
    "C kernels": in_c,
    "golden model": in_golden,
    "firmware of single instructions": in_firmware,
}


def finding(way: str, wrong: int) -> Finding:
    """What is reported of one way."""
    extent = f"{NEURONS} neurons x {STEPS} steps = {NEURONS * STEPS:,} spike bits, {SPIKES} spikes"
    return Finding(f"CUBA, oxford: {way}", extent, wrong, 0, "bits", "bit exact")


def findings() -> list[Finding]:
    """Spike bits that differ, of the three ways."""
    return [finding(way, count()) for way, count in WAYS.items()]
