"""Every comparison with an independent model is within its tolerance, and docs/comparisons.md reports what it gives."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tools.validation import (
    alif,
    cuba_brian2,
    izhikevich,
    lava,
    lava_gold,
    oxford,
    report,
    stdp,
    stdp_brian2,
    truenorth,
)
from tools.validation.__main__ import FINDINGS, main
from tools.validation.findings import Finding
from tools.validation.stdp_reference import pair_sum
from tools.validation.truenorth_reference import random_core

PAGE = report.PAGE.read_text(encoding="utf-8")


def table_in_page(name: str) -> str:
    """What stands between the markers."""
    found = re.search(rf"<!-- {name} -->\n\n(.*?)\n\n<!-- end -->", PAGE, re.DOTALL)
    assert found, f"docs/comparisons.md has no table {name}"
    return found[1]


@pytest.mark.parametrize("name", [name for name in FINDINGS if name != "oxford"])
def test_findings_agree_and_are_documented(name: str) -> None:
    """`python -m tools.validation docs` makes the page again."""
    findings = FINDINGS[name].findings()
    assert findings and all(finding.agrees for finding in findings)
    assert report.findings_table(findings) == table_in_page(name)


def test_oxford_is_documented() -> None:
    """With the figures that tests/network/test_loihi_oxford.py proves, part by part."""
    findings = [oxford.finding(way, 0) for way in oxford.WAYS]
    assert report.findings_table(findings) == table_in_page("oxford")
    assert not oxford.finding("C kernels", 1).agrees


def test_missing_data(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """One message: alone it is an error, among all others and in the page it is left out."""
    message = "oxford needs ../shared/data/loihi-oxford/oxford.npz beside the checkout"
    oxford.data.cache_clear()
    monkeypatch.setattr(oxford, "GOLD", tmp_path / "oxford.npz")
    monkeypatch.setattr("sys.argv", "validation oxford".split())
    assert main() == 1
    assert capsys.readouterr().err == f"{message}\n"
    right = Finding("it", "much", 0.5, 1, "mV", "because")
    for name, module in FINDINGS.items():
        if name != "oxford":
            monkeypatch.setattr(module, "findings", lambda: [right])
    monkeypatch.setattr("sys.argv", "validation all".split())
    assert main() == 0
    output = capsys.readouterr()
    assert output.out.count("agree") == len(FINDINGS) - 1 and output.err == f"left out: {message}\n"
    assert report.update("<!-- oxford -->\n\nas it was\n\n<!-- end -->", FINDINGS).count("as it was") == 1


def test_cuba_is_documented() -> None:
    """From the stored runs."""
    assert report.cuba_table() == table_in_page("cuba")


def test_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 and a message when a deviation is too large; JSON has everything."""
    right, wrong = (Finding("it", "much", deviation, 1, "mV", "because") for deviation in (0.5, 2.0))
    monkeypatch.setattr("sys.argv", "validation izhikevich --json".split())
    monkeypatch.setattr(izhikevich, "findings", lambda: [right])
    assert main() == 0
    assert json.loads(capsys.readouterr().out)[0]["deviation"] == 0.5
    monkeypatch.setattr(izhikevich, "findings", lambda: [right, wrong])
    monkeypatch.setattr("sys.argv", "validation izhikevich".split())
    assert main() == 1
    output = capsys.readouterr()
    assert output.out.count("agree") == 1 and "DIFFER" in output.out and "above the tolerance: it" in output.err


def test_izhikevich_sees_a_little_more_current() -> None:
    """The tolerances are not wide: 5 % of the mean current is above them."""
    assert izhikevich.counts(izhikevich.ours(offset=0.5), izhikevich.reference()) > 2


def test_alif_sees_another_decay() -> None:
    """A tenth more of a time constant."""
    kind = alif.KINDS["slow"]
    wrong = replace(kind, taus=(*kind.taus[:2], 1.1 * kind.taus[2], kind.taus[3]))
    assert abs(int(alif.ours(wrong).sum()) / int(alif.reference(kind, quantised=True).sum()) - 1) > 0.01


def test_truenorth_sees_one_unit_of_thresholds() -> None:
    """Of the neurons of a random core."""
    core = random_core(20, 10, stochastic=True, seed=1)
    assert truenorth.differing_bits(core, 1)[0] == 0
    mine, core = truenorth.network(core), random_core(20, 10, stochastic=True, seed=1)
    for neuron in core.neurons:
        neuron.threshold += 1
    random = np.random.default_rng(2)
    events = (random.random((200, 20)) < 0.3).astype(int)
    assert (mine.run(events)["neurons"] != np.array([core.tick(list(row)) for row in events])).any()


def test_stdp_sees_another_window() -> None:
    """One step of a time constant is above the tolerance, and nearest pairs are not all pairs."""
    pre, post = stdp_brian2.gold_spikes()
    p = stdp_brian2.PAIRS
    expected = np.array([pair_sum(a, b, p) for a, b in zip(pre.T, post.T, strict=True)])
    assert stdp.relative(stdp.summed(pre, post, replace(p, tau_plus=p.tau_plus + 1)), expected) > 2
    assert stdp.relative(stdp.summed(pre, post, p, nearest=True), expected) > 20


def test_traces_stop_above_zero_if_rounded_half_up() -> None:
    """As docs/comparisons.md warns: half a unit a step is rounded away, at 10 for tau = 20."""
    for rounding, last in (("half_up", 10), ("zero", 0)):
        network = stdp.plastic(1, "pair", stdp_brian2.PAIRS, 20, 256, rounding=rounding)
        network.run({"pre": np.eye(1000, 1, dtype=np.uint8)})
        assert network.traces("r")["pre"].tolist() == [last]


@pytest.mark.skipif(not cuba_brian2.available(), reason="Brian2 is not installed; pip install brian2")
def test_stored_stdp_is_that_of_brian2() -> None:
    """The weights in data/stdp.json."""
    stored = json.loads(stdp_brian2.STORED.read_text(encoding="utf-8"))
    assert stdp_brian2.run(stdp_brian2.PAIRS, *stdp_brian2.gold_spikes()) == pytest.approx(stored["w"], abs=1e-6)


def test_lava_sees_one_unit_of_a_decay(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the case that is meant to wrap a current does."""
    monkeypatch.setitem(lava_gold.CASES, "lif", {**lava_gold.CASES["lif"], "dv": 129})
    assert lava.findings()[0].deviation > 10
    wrapping = lava.network(lava_gold.CASES["lif_wrap"])
    currents = []
    for row in lava_gold.inputs("lif_wrap"):
        wrapping.run([row])
        currents.append(int(wrapping.state("y")["u"][0]))
    assert np.abs(np.diff(currents)).max() > 2**23
