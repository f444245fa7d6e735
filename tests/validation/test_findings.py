"""Every comparison with an independent model is within its tolerance, and docs/comparisons.md reports what it gives."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from tools.validation import izhikevich, lava, lava_gold, report
from tools.validation.__main__ import FINDINGS, main
from tools.validation.findings import Finding

PAGE = report.PAGE.read_text(encoding="utf-8")


def table_in_page(name: str) -> str:
    """What stands between the markers."""
    found = re.search(rf"<!-- {name} -->\n\n(.*?)\n\n<!-- end -->", PAGE, re.DOTALL)
    assert found, f"docs/comparisons.md has no table {name}"
    return found[1]


@pytest.mark.parametrize("name", FINDINGS)
def test_findings_agree_and_are_documented(name: str) -> None:
    """`python -m tools.validation docs` makes the page again."""
    findings = FINDINGS[name].findings()
    assert findings and all(finding.agrees for finding in findings)
    assert report.findings_table(findings) == table_in_page(name)


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
