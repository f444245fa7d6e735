"""The CUBA profile against spikes of Intel's bit-accurate Loihi model (lava-dl tutorial "oxford", BSD-3-Clause)."""

from __future__ import annotations

from typing import Any

import pytest

from coprocessor.golden import Coprocessor as Golden
from coprocessor.interface import Operation
from tests.coprocessor.implementations import BASE, Machine, every_level
from tests.coprocessor.memory_image import Image
from tools.validation.oxford import GOLD

VOLTAGE_DECAY, THRESHOLD = 415, 6
STEPS, GOLDEN_STEPS = 2000, 60
"""The golden model sees the first steps only."""


@pytest.mark.skipif(not GOLD.exists(), reason="the data set loihi-oxford is not beside the checkout")
@every_level
def test_oxford(kind: Any) -> None:
    """200 inputs, 256 neurons, current decay 4096, delay 1: every spike of every step."""
    steps = GOLDEN_STEPS if kind is Golden else STEPS
    numpy = pytest.importorskip("numpy")
    data = numpy.load(GOLD)
    weight = data["weight"]
    m, n = weight.shape
    inputs = numpy.unpackbits(data["input_spikes"], axis=1)[:, :steps]
    gold = numpy.unpackbits(data["gold_spikes"], axis=1)[:, :steps]
    image = Image(1 << 20)
    weights = image.allocate(n * m, content=(weight.T // 2).astype("int8").tobytes())
    padded = numpy.zeros((steps, 32 * 7), "uint8")
    padded[:, :n] = inputs.T
    source = image.allocate(28 * steps, content=numpy.packbits(padded, axis=1, bitorder="little").tobytes())
    cur, out = image.allocate(2 * 4 * m), image.allocate(m // 8 * steps)
    pop = image.pop(
        m,
        profile=2,
        mode=0x1A0,
        parameters=((4096 - VOLTAGE_DECAY) << 16, 0, 6, 0),
        vth=THRESHOLD << 6,
        state=image.allocate(2 * 4 * m),
        cur=cur,
        log_depth=1,
        out=out,
        output_mode=2,
        stride=m // 8,
    )
    syn = image.syn(
        n,
        m,
        weights=weights,
        cur=cur,
        source_address=source,
        source_mode=2,
        stride=28,
        fixed_delay=1,
        log_depth=1,
        exponent=1,
        population=pop,
    )
    net = image.net([(1, syn), (0x102, pop)])
    machine = Machine(kind, image.ram)
    spikes = machine.run(Operation.RUN, net, steps)
    offset = out - BASE
    written = numpy.frombuffer(machine.ram, "uint8", m // 8 * steps, offset).reshape(steps, m // 8)
    ours = numpy.unpackbits(written, axis=1, bitorder="little").T
    assert spikes == ours.sum() > 0
    assert (ours != gold).sum() == 0
