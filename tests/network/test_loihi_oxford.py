"""Intel's published CUBA spikes (lava-dl, netx/oxford): no mismatch in 512,000 neuron-steps, on every road.

The data stay where they are; without them the tests are skipped.
"""

from __future__ import annotations

import pytest

from tools.validation import oxford

needs_data = pytest.mark.skipif(
    not oxford.GOLD.exists(), reason="needs ../shared/data/loihi-oxford/oxford.npz beside the checkout"
)
PARTS = 4
"""The golden model is slow: the neurons are split, so that several processes can share them."""


@needs_data
def test_network() -> None:
    assert oxford.in_c() == 0
    result = oxford.network(oxford.data().weights).run(oxford.data().spikes)
    assert result.counters["nup"] == 512_000


@needs_data
@pytest.mark.parametrize("part", range(PARTS))
def test_golden(part: int) -> None:
    assert oxford.in_golden(slice(oxford.NEURONS * part // PARTS, oxford.NEURONS * (part + 1) // PARTS)) == 0


@needs_data
def test_firmware_of_single_instructions() -> None:
    assert oxford.in_firmware() == 0


@needs_data
def test_one_unit_of_the_decay_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """On both roads that are fast."""
    monkeypatch.setattr(oxford, "RETENTION", oxford.RETENTION - 1)
    assert oxford.in_c() > 0
    monkeypatch.setattr(oxford, "FIRMWARE", oxford.FIRMWARE.replace("p0=3681", "p0=3680"))
    assert oxford.in_firmware() > 0
