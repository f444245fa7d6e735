"""`ext whatif`: what a trace gives under other costs is what a run with those costs gives."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from iss.cli.main import main
from tests.extension.samples import ALL_KINDS, extension, program, random_program


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Extensions that commands load stay in one test."""
    monkeypatch.setattr("iss.builtin._loaded", {})


def recorded(folder: Path, text: str = ALL_KINDS, *options: str) -> tuple[Path, Path]:
    """The file of an extension and the trace of a random program."""
    folder.mkdir(exist_ok=True)
    given = extension(folder, text)
    elf = program(folder, random_program(3, 300), given)
    trace = folder / "run.nht"
    isa = "rv32im_zicsr_zifencei_zicntr_xall"
    common = ["--ext", str(given.path), "--isa", isa, "--engine", "reference", "-q", *options]
    assert main(["trace", "record", str(elf), *common, "-o", str(trace)]) == 0
    return given.path, trace


def asked(capsys: pytest.CaptureFixture[str], path: Path, trace: Path, *options: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["ext", "whatif", str(trace), "--ext", str(path), "--json", *options]) == 0
    return dict(json.loads(capsys.readouterr().out))


def rows(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["mnemonic"]: row for row in found["instructions"]}


def test_other_costs_are_those_of_a_run_with_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, trace = recorded(tmp_path / "slow")
    settings = ["--set", "all.lif.cycles=7", "--set", "all.div.cycles=0", "--set", "all.lif.energy_pj=2.5"]
    found = asked(capsys, path, trace, *settings)
    faster = ALL_KINDS.replace("cycles=3, energy_pj=1.2", "cycles=7, energy_pj=2.5").replace("cycles=5", "cycles=0")
    other_path, other = recorded(tmp_path / "fast", faster)
    truth = asked(capsys, other_path, other)
    assert found["cycles"]["after"] == truth["cycles"]["before"] != found["cycles"]["before"]
    assert found["energy_fj"]["after"] == truth["energy_fj"]["before"]
    for name, row in rows(truth).items():
        assert rows(found)[name]["cycles"]["after"] == row["cycles"]["before"], name
        assert rows(found)[name]["energy_fj"]["after"] == row["energy_fj"]["before"], name
    lif = rows(found)["all.lif"]
    assert lif["cycles"]["before"] == 3 * lif["count"] and lif["energy_fj"]["before"] == 1200 * lif["count"]


def test_another_timing_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, trace = recorded(tmp_path / "ideal")
    found = asked(capsys, path, trace, "--timing", "edge5")
    other_path, other = recorded(tmp_path / "edge5", ALL_KINDS, "--timing", "edge5")
    truth = asked(capsys, other_path, other)
    assert found["cycles"]["after"] == truth["cycles"]["before"] > found["cycles"]["before"]


def test_nothing_set_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, trace = recorded(tmp_path / "run")
    found = asked(capsys, path, trace)
    assert (
        found["cycles"]["before"]
        == found["cycles"]["after"]
        == sum(row["cycles"]["before"] for row in found["instructions"])
    )
    assert found["doubts"] == []


def test_the_table_and_messages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, trace = recorded(tmp_path / "run")
    capsys.readouterr()
    common = ["ext", "whatif", str(trace), "--ext", str(path)]
    assert main([*common, "--set", "all.lif.cycles=1", "--rows", "3"]) == 0
    text = capsys.readouterr().out
    assert re.search(r"all\.lif +\d+ +[\d,]+ +[\d,]+ +-66\.7 %", text) and "more" in text and "total" in text
    for setting, message in (
        ("all.lif=3", "is no setting"),
        ("all.lif.cycles=300", "expected 0..255"),
        ("all.lif.energy_pj=-1", "a number of picojoules"),
        ("all.no.cycles=3", "the trace has no all.no; it has "),
    ):
        assert main([*common, "--set", setting]) == 2
        assert message in capsys.readouterr().err
    assert main([*common, "--timing", "fast"]) == 2
    assert main(["ext", "whatif", str(tmp_path / "none.nht")]) == 66
