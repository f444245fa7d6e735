"""The workloads of the coprocessor's benchmark, small and without peers, and the comparison itself."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from rich.table import Table

from tools.bench import page
from tools.bench.__main__ import COMMANDS
from tools.bench.coprocessor import command, contender
from tools.bench.coprocessor.conv import Conv
from tools.bench.coprocessor.conv import Python as ConvPython
from tools.bench.coprocessor.cuba import Python as CubaPython
from tools.bench.coprocessor.cuba import Workload as Cuba
from tools.bench.coprocessor.dense import Batch, BatchOnTwoThreads, Dense
from tools.bench.coprocessor.dense import Python as DensePython
from tools.bench.coprocessor.dense_firmware import Firmware
from tools.bench.coprocessor.process import Process
from tools.bench.coprocessor.stdp import Python as StdpPython
from tools.bench.coprocessor.stdp import Stdp
from tools.bench.coprocessor.suites import SUITES, Row, Side, Suite
from tools.bench.errors import WrongResult
from tools.docs import tables

DENSE = Dense(inputs=60, hidden=40, outputs=5, steps=12, samples=3, hidden_threshold=120, output_threshold=90)
CONV = Conv(side=8, channels=(2, 3, 4), outputs=3, steps=8, samples=2, rate=0.1, thresholds=(50, 100, 100))
STDP = Stdp(inputs=30, neurons=8, steps=40, rate=0.3, threshold=800)
CUBA = Cuba(neurons=300, synapses=30, steps=60, stretch=25)


@pytest.fixture(autouse=True)
def no_repetitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """One repetition is a measurement here."""
    monkeypatch.setattr(contender, "AT_LEAST", 0.0)


@pytest.mark.parametrize(
    ("made", "workload"),
    [
        (DensePython, DENSE),
        (Firmware, DENSE),
        (Batch, DENSE),
        (BatchOnTwoThreads, DENSE),
        (ConvPython, CONV),
        (StdpPython, STDP),
        (CubaPython, CUBA),
    ],
)
def test_contenders_compute_and_agree_with_the_golden_model(made: Any, workload: Any) -> None:
    """All figures are there, and every population spikes."""
    one = made(workload)
    one.verify()
    assert one.measure() > 0
    facts = one.facts()
    assert facts and all(value > 0 for value in facts.values()), facts


def test_the_dense_network_is_what_its_numbers_say() -> None:
    """The peers' arithmetic: exact sums, decay, spike above the threshold, membrane to 0; here with NumPy in float."""
    network = DENSE.network()
    result = network.run(DENSE.spikes[0])
    layer_input = DENSE.spikes[0].astype(float)
    for name, weights, threshold in zip(
        ("hidden", "out"), DENSE.weights, (DENSE.hidden_threshold, DENSE.output_threshold), strict=True
    ):
        membrane, spikes = np.zeros(weights.shape[1]), np.zeros((DENSE.steps, weights.shape[1]))
        for step in range(DENSE.steps):
            membrane = membrane * DENSE.decay + layer_input[step] @ weights
            spikes[step] = membrane > threshold
            membrane[membrane > threshold] = 0
        assert np.mean(spikes != result[name]) < 0.01
        layer_input = result[name].astype(float)


def test_the_pool_sums() -> None:
    """The convolutional network against NumPy: what the second convolution gets are sums of 2 x 2 spikes."""
    network = CONV.network()
    result = network.run(CONV.spikes[0].reshape(CONV.steps, -1))
    first = result["first"].reshape(CONV.steps, CONV.side, CONV.side, CONV.channels[1]).astype(float)
    pooled = first.reshape(CONV.steps, CONV.pooled, 2, CONV.pooled, 2, -1).sum(axis=(2, 4))
    assert pooled.max() > 1
    padded = np.pad(pooled, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    currents = np.einsum("thwcyx,cyxd->thwd", windows, CONV.kernels[1]).reshape(CONV.steps, -1)
    membrane = np.zeros(currents.shape[1])
    wrong = 0
    for step, current in enumerate(currents):
        membrane = membrane * CONV.decay + current
        spikes = membrane > CONV.thresholds[1]
        wrong += int(np.sum(spikes != result["second"][step]))
        membrane[spikes] = 0
    assert wrong < 0.01 * currents.size


def test_learning_starts_anew_in_every_measurement() -> None:
    """Two measurements do the same work, although weights are learned."""
    one = StdpPython(STDP)
    before = one.facts()
    one.measure()
    assert one.facts() == before
    assert before["weight"] != pytest.approx(STDP.weights.mean(), abs=1e-6)


def test_every_contender_is_somewhere() -> None:
    """Names in the table of comparisons lead to modules; those of ours to classes."""
    for suite in SUITES.values():
        for row in suite.rows:
            for side in (row.ours, row.other):
                module, _, name = side.contender.partition(":")
                assert find_spec(f"tools.bench.coprocessor.{module}") is not None
                if side.package is None:
                    made = getattr(__import__(f"tools.bench.coprocessor.{module}", fromlist=[name]), name)
                    assert issubclass(made, contender.Contender)


def test_a_process_answers_and_ends() -> None:
    """The protocol of the worker, with a real process."""
    sizes = {"inputs": 20, "hidden": 8, "outputs": 2, "steps": 4, "samples": 1, "hidden_threshold": 50}
    with Process(Side("Python", "dense:Python"), "dense:Dense", sizes) as process:
        assert process.ask("verify") is None
        assert process.ask("measure") > 0
        assert set(process.ask("facts")) == {"hidden", "out"}
        assert process.ask("memory") > 10e6


def test_a_contender_that_fails_is_one_message() -> None:
    """What the process last said is in the message."""
    with pytest.raises(WrongResult, match=r"dense:Python ended with exit code 1: .*nonsense"):
        Process(Side("Python", "dense:Python"), "dense:Dense", {"nonsense": 1})
    with pytest.raises(WrongResult, match=r"dense:Python: .*input 'x'"):
        Process(Side("Python", "dense:Python"), "dense:Dense", {"inputs": 0})


@contextmanager
def suite_of(
    rows: tuple[Row, ...], **options: Any
) -> Iterator[tuple[Suite, Table, Table, dict[Side, command.Measured]]]:
    """A suite with figures: 1 s a unit for ours, 4 s for the other."""
    suite = Suite("title", "sample", "dense:Dense", rows, tolerance=0.1, **options)
    figures: dict[Side, command.Measured] = {}
    for row in rows:
        figures[row.ours] = command.Measured([1.0, 9.0, 1.0], {"rate": 0.5}, 100)
        figures[row.other] = command.Measured([4.0, 4.0, 0.1], {"rate": 0.52})
    table, facts = Table(*["column"] * 6), Table(*["column"] * 3)
    yield suite, table, facts, figures


def test_medians_are_judged() -> None:
    """The ratio is that of the medians; a ratio and a memory that are not reached are said."""
    ours, other = Side("ours", "a:A"), Side("other", "b:B")
    for required, limit, met in ((4, 100, True), (4.1, 100, False), (4, 99, False), (None, None, True)):
        with suite_of((Row(ours, other, required),), memory_limit=limit) as (suite, table, facts, figures):
            assert command.show("w", suite, figures, table, facts) is met
        shown = Console(file=io.StringIO(), width=200)
        shown.print(table)
        assert isinstance(shown.file, io.StringIO)
        text = shown.file.getvalue()
        assert "4.00" in text and "other: 4 s/sample" in text and ("not met" in text) is not met


def test_two_computations_are_an_error() -> None:
    """Rates that differ by more than the tolerance end the benchmark."""
    with suite_of((Row(Side("ours", "a:A"), Side("other", "b:B")),)) as (suite, table, facts, figures):
        figures[suite.rows[0].other].facts["rate"] = 0.6
        with pytest.raises(WrongResult, match=r"rate 0\.5, other 0\.6, more than 10% apart"):
            command.show("w", suite, figures, table, facts)


def test_a_peer_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says how to install it; without the other side there is no row."""
    monkeypatch.setattr(command, "Process", None)
    suite = Suite(
        "title", "s", "dense:Dense", (Row(Side("A", "a:A", "no-such-a"), Side("B", "b:B", "no-such-b")),), 0.1
    )
    console = Console(file=io.StringIO(), width=200)
    figures = command.measure(suite, 1, True, console)
    assert isinstance(console.file, io.StringIO)
    assert "B is not installed and left out; run: pip install no-such-b" in console.file.getvalue()
    assert command.show("w", suite, figures, Table(), Table())


def test_names_of_workloads() -> None:
    """A word means all that begins with it."""
    assert command.chosen(["w1"]) == [name for name in SUITES if name.startswith("w1")]
    assert command.chosen(["w1-batch", "w4"]) == ["w1-batch", "w4"]
    assert command.chosen([]) == list(SUITES)
    with pytest.raises(ValueError, match="there is no workload 'w'; there are w1, "):
        command.chosen(["w"])
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    with pytest.raises(ValueError, match="--repeat 0 is impossible"):
        command.main(parser.parse_args(["w1", "--repeat", "0"]))


def test_tables_go_into_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A section is replaced by Markdown, the rest stays; the command is the one that was typed, without files."""
    file = tmp_path / "performance.md"
    file.write_text("before\n<!-- one -->\nold\n<!-- end -->\n<!-- two -->\nkept\n<!-- end -->\nafter\n")
    monkeypatch.setattr(page, "PAGE", file)
    monkeypatch.setattr(sys, "argv", ["bench", "coprocessor", "w1", "--page", "--json", "here", "--repeat", "3"])
    table = Table()
    table.add_column("a")
    table.add_column("b", justify="right")
    table.add_row("x", "1")
    page.put("one", [table])
    text = file.read_text()
    assert "| a | b |\n| --- | ---: |\n| x | 1 |\n" in text and "old" not in text
    assert "`python -m tools.bench coprocessor w1 --repeat 3` on " in text
    assert text.startswith("before\n") and text.endswith("<!-- two -->\nkept\n<!-- end -->\nafter\n")
    with pytest.raises(ValueError, match="has no section <!-- three -->"):
        page.put("three", [table])


def test_the_page_has_a_section_for_every_benchmark() -> None:
    """Where `--page` puts its tables."""
    assert set(tables.names(page.PAGE.read_text(encoding="utf-8"))) == set(COMMANDS)
