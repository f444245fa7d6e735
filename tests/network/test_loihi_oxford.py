"""Intel's published CUBA spikes (lava-dl, netx/oxford): no mismatch in 512,000 neuron-steps, on every road.

The data stay where they are; without them the tests are skipped.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from coprocessor import Network
from coprocessor.golden import Coprocessor as Golden
from tests.network.firmware import FINISH, Firmware

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "loihi-oxford" / "oxford.npz"
INPUTS, NEURONS, STEPS = 200, 256, 2000
RETENTION = 4096 - 415
THRESHOLD = 6 << 6
PARTS = 4
"""The golden model is slow: the neurons are split, so that several processes can share them."""


class Oxford:
    """Weights [pre, post], input [steps, pre] and gold spikes [steps, post]."""

    def __init__(self) -> None:
        if not DATA.exists():
            pytest.skip("needs ../shared/data/loihi-oxford/oxford.npz beside the checkout")
        with np.load(DATA) as file:
            self.weights: NDArray[np.int64] = file["weight"].astype(np.int64).T
            self.spikes = np.unpackbits(file["input_spikes"], axis=1, count=STEPS).T
            self.gold = np.unpackbits(file["gold_spikes"], axis=1, count=STEPS).T
        assert self.weights.shape == (INPUTS, NEURONS) and self.gold.shape == (STEPS, NEURONS)
        assert not (self.weights & 1).any() and int(self.gold.sum()) == 1826


@pytest.fixture(scope="module")
def oxford() -> Oxford:
    return Oxford()


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


def test_network(oxford: Oxford) -> None:
    result = network(oxford.weights).run(oxford.spikes)
    assert np.count_nonzero(result["layer"] != oxford.gold) == 0
    assert result.counters["nup"] == 512_000


@pytest.mark.parametrize("part", range(PARTS))
def test_golden(oxford: Oxford, part: int) -> None:
    own = slice(NEURONS * part // PARTS, NEURONS * (part + 1) // PARTS)
    result = network(oxford.weights[:, own], coprocessor=Golden).run(oxford.spikes)
    assert np.count_nonzero(result["layer"] != oxford.gold[:, own]) == 0


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


def test_firmware_of_single_instructions(oxford: Oxford) -> None:
    """nm.cubi, nm.cubv and nm.thr on a hart, no engine."""
    padded = np.zeros((STEPS, 224), dtype=np.uint8)
    padded[:, :INPUTS] = oxford.spikes
    firmware = Firmware(FIRMWARE)
    weights = (oxford.weights // 2).astype(np.int8).tobytes()
    firmware.run({"axons": np.packbits(padded, bitorder="little").tobytes(), "weights": weights})
    words = firmware.words("spikes", 8 * STEPS).view(np.uint8).reshape(STEPS, -1)
    spikes = np.unpackbits(words, axis=1, bitorder="little")
    assert np.count_nonzero(spikes != oxford.gold) == 0
    assert firmware.machine.coprocessor.state()["counters"]["nup"] == 0
