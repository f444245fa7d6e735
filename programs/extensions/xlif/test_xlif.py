"""Tests of Xlif: steps, thresholds, pauses, saturation, CSRs. `neurohart ext mutate xlif.py` scores them."""

from __future__ import annotations

from pathlib import Path

import pytest

from iss.extension import load_extensions
from iss.extension.testing import Bench

BENCH = Bench(*load_extensions(Path(__file__).with_name("xlif.py")))
LOW, HIGH = -0x8000, 0x7FFF


def potentials(neuron: int, value: int) -> list[int]:
    """All potentials, those of the other neurons different."""
    return [value if one == neuron else one - 32 for one in range(64)]


@pytest.mark.parametrize(
    ("before", "given", "after", "spike"),
    [
        (0, 0, 0, 0),
        (100, 50, 100 - 6 + 50, 0),
        (-100, 50, -100 + 7 + 50, 0),
        (0, 999, 999, 0),
        (0, 1000, 0, 1),
        (999, 62, 999 - 62 + 62, 0),
        (999, 63, 0, 1),
        (999, HIGH, 0, 1),
        (LOW, -1, LOW + 2047, 0),
        (LOW, -2048, LOW, 0),
        (LOW, -2049, LOW, 0),
        (LOW, LOW, LOW, 0),
        (-32000, -3000, LOW, 0),
        (17, -17, -1, 0),
    ],
)
@pytest.mark.parametrize("neuron", [0, 3, 63])
def test_a_step(neuron: int, before: int, given: int, after: int, spike: int) -> None:
    """What stands above the declared widths of the operands does not matter."""
    state = {"v": potentials(neuron, before)}
    result = BENCH.run("lif.step a0, a1, a2", a0=7, a1=neuron | 0xFFC0, a2=given & 0xFFFF | 0x1234_0000, state=state)
    assert (result.a0, list(result.state.v)) == (spike, potentials(neuron, after))
    assert result.state.fired == spike
    assert list(result.state.rest) == [2 * spike if one == neuron else 0 for one in range(64)]
    assert (result.cycles, result.trap) == (BENCH.run("lif.read a0, a1", a1=0).cycles + 2, None)


@pytest.mark.parametrize(("vth", "given", "spike"), [(0, 0, 1), (0, -1, 0), (HIGH, HIGH, 1), (HIGH, HIGH - 1, 0)])
def test_thresholds(vth: int, given: int, spike: int) -> None:
    result = BENCH.run("csrw lif_vth, a3\nlif.step a0, a1, a2\ncsrr a4, lif_vth", a1=5, a2=given & 0xFFFF_FFFF, a3=vth)
    assert (result.a0, result.a4) == (spike, vth)


def test_saturation_above() -> None:
    """Saturated is at the highest threshold, one less is not, and v - v / 2 + 32767 is far above both."""
    result = BENCH.run("lif.step a0, a1, a2", a1=9, a2=HIGH, state={"v": potentials(9, 20000), "vth": HIGH, "leak": 1})
    assert (result.a0, result.state.v[9]) == (1, 0)
    result = BENCH.run("lif.step a0, a1, a2", a1=9, a2=HIGH, state={"v": potentials(9, -2), "vth": HIGH, "leak": 1})
    assert (result.a0, result.state.v[9]) == (0, HIGH - 1)


@pytest.mark.parametrize("rest", [1, 2, 15])
def test_a_pause(rest: int) -> None:
    """No input, no leak, one step less."""
    state = {"v": potentials(4, 500), "rest": [rest if one == 4 else 1 for one in range(64)]}
    result = BENCH.run("lif.step a0, a1, a2", a0=9, a1=4, a2=30000, state=state)
    assert (result.a0, result.state.v[4], result.state.fired) == (0, 500, 0)
    assert list(result.state.rest) == [rest - 1 if one == 4 else 1 for one in range(64)]


def test_the_way_of_a_neuron() -> None:
    """A spike, a pause of two steps, and a potential again; the other neuron goes on."""
    text = "lif.step a0, a1, a2\n" * 4 + "lif.read a3, a1\nlif.step a4, a5, a2\nlif.read a6, a5\ncsrr a7, lif_fired"
    result = BENCH.run(text, a1=3, a2=1000, a5=4)
    assert (result.a0, result.a3, result.a4, result.a6, result.a7) == (1, 0, 1, 0, 3)


def test_reading() -> None:
    for neuron, value in ((0, LOW), (63, -1), (31, HIGH)):
        result = BENCH.run("lif.read a0, a1", a1=neuron | 0x40, state={"v": potentials(neuron, value)})
        assert result.a0 == value & 0xFFFF_FFFF


@pytest.mark.parametrize("neuron", [0, 5, 63])
@pytest.mark.parametrize("value", [LOW, -1, HIGH])
def test_writing(neuron: int, value: int) -> None:
    """A pause ends; the upper half of the word does not matter."""
    state = {"v": potentials(neuron, 1), "rest": [3] * 64}
    result = BENCH.run("lif.write a1, a2", a1=neuron, a2=value & 0xFFFF | 0x7000_0000, state=state)
    assert list(result.state.v) == potentials(neuron, value)
    assert list(result.state.rest) == [0 if one == neuron else 3 for one in range(64)]


@pytest.mark.parametrize("neuron", [64, 65, 127, 0x8000_0000, 0xFFFF_FFFF])
def test_writing_to_no_neuron(neuron: int) -> None:
    state = {"v": potentials(0, 1), "rest": [3] * 64}
    result = BENCH.run("lif.write a1, a2", a1=neuron, a2=7, state=state)
    assert result.trap is not None and result.trap[0] == 2 and result.trap[1] == 0xF4C5_A07B
    assert list(result.state.v) == potentials(0, 1) and list(result.state.rest) == [3] * 64


@pytest.mark.parametrize(
    ("written", "read", "leak", "pause"), [(0, 1, 1, 0), (0xF0F, 0xF0F, 15, 15), (0x302, 0x302, 2, 3)]
)
def test_the_mode(written: int, read: int, leak: int, pause: int) -> None:
    result = BENCH.run("csrw lif_mode, a0\ncsrr a1, lif_mode", a0=written)
    assert (result.a1, result.state.leak, result.state.pause) == (read, leak, pause)
    state: dict[str, int | list[int]] = {"v": potentials(2, 800), "leak": leak, "pause": pause}
    result = BENCH.run("lif.step a0, a1, a2", a1=2, a2=999, state=state)
    assert (result.a0, result.state.rest[2]) == (1, pause) if 800 - (800 >> leak) + 999 >= 1000 else (0, 0)
