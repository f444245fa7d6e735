"""Why neurons fire: every update of a network is explained, and the parts add up to what the coprocessor did."""

from __future__ import annotations

import pytest

from iss.debug import descriptors
from iss.debug.why import Explanation, WhyError, explain
from iss.tui.state import State
from tests.tui.program import state

POP_W2, SYN_W3 = 8, 12


def stopped_behind_runs(count: int, delay: int = 0) -> State:
    """The spiking program behind so many `nm.run`, with a fixed delay of its projection."""
    session = state()
    machine = session.machine
    if delay:
        for symbol, offset, bits in (("neurons", POP_W2, 1 << 24), ("synapses", SYN_W3, delay << 12 | 1 << 24)):
            place = machine.symbol(symbol) + offset
            word = int.from_bytes(machine.ram.read(place, 4), "little") | bits
            machine.ram.write(place, word.to_bytes(4, "little"))
    session.debugger.history.rewrite()
    session.debugger.break_at("dot")
    for _ in range(count):
        session.debugger.resume()
    return session


def why(session: State, neuron: int, step: int | None = None) -> Explanation:
    """The explanation of a neuron of the only population."""
    (population,) = descriptors.find(session.machine).populations.values()
    return explain(session.debugger.history, population, neuron, step)


def test_the_example_of_the_specification() -> None:
    """9.1: weights [[60, 40], [80, -10], [30, 10]], inputs {0, 1} then {0, 2}, v = [40, 30], then [25, 76]."""
    session = stopped_behind_runs(1)
    now = session.debugger.now
    first = why(session, 0, 0)
    assert (first.before, first.after, first.input, first.fired) == ((0,), (40,), 140, True)
    assert [(item.source, item.weight, item.value) for item in first.contributions] == [(0, 60, 60), (1, 80, 80)]
    second = why(session, 1)
    assert (second.step, second.before, second.after, second.input, second.fired) == (1, (30,), (76,), 50, False)
    assert [(item.source, item.weight) for item in second.contributions] == [(0, 40), (2, 10)]
    assert why(session, 0).step == 1  # the last one in which it fired
    assert session.debugger.now == now


@pytest.mark.parametrize("delay", [0, 1])
def test_every_update_adds_up(delay: int) -> None:
    """State after an update is the state before the next; inputs are the spikes' weights, delayed ones too."""
    session = stopped_behind_runs(3, delay)
    for neuron in (0, 1):
        before: tuple[int, ...] | None = None
        for step in (4, 5):
            found = why(session, neuron, step)
            assert found.reproduced
            assert found.input == found.carried + sum(item.value for item in found.contributions)
            assert found.carried == 0 or (delay == 1 and step == 4)
            assert all(item.step + item.delay == step for item in found.contributions)
            assert before is None or before == found.before
            before = found.after
        (population,) = descriptors.find(session.machine).populations.values()
        assert before == tuple(descriptors.state_words(session.machine, population, neuron))


def test_what_cannot_be_explained() -> None:
    session = state()
    with pytest.raises(WhyError, match="no command before the present moment"):
        why(session, 0)
    session = stopped_behind_runs(2)
    with pytest.raises(WhyError, match="step 0 is not one of the last command, which made the steps 2 to 3"):
        why(session, 0, 0)
