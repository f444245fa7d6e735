"""The committed digits network: data files, accuracy, expectation, origin of the held-out images."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.programs.catalogue import PROGRAMS, ROOT, expectation
from tools.training import artefacts, digits
from tools.training.network import Parameters, rate_code
from tools.training.surrogate import Recipe, train

FOLDER = PROGRAMS / "digits"
PARAMETERS = Parameters()


@pytest.fixture(scope="module")
def committed() -> artefacts.Digits:
    return artefacts.read(FOLDER, PARAMETERS)


def test_files_are_those_of_the_manifest() -> None:
    assert artefacts.damaged(FOLDER) == []


def test_parameters_of_the_firmware_are_those_of_the_reference(committed: artefacts.Digits) -> None:
    expected = artefacts.parameters_include(PARAMETERS, len(committed.labels))
    assert (FOLDER / "data" / "parameters.inc").read_text() == expected


def test_expectation_is_what_the_weights_give(committed: artefacts.Digits) -> None:
    assert artefacts.predict(committed, PARAMETERS) == expectation("digits")


def test_accuracy_on_held_out_images() -> None:
    expected = expectation("digits")
    assert expected["images"] >= 300
    assert expected["accuracy_permille"] >= 970


def test_sixteen_bit_sums_cannot_overflow(committed: artefacts.Digits) -> None:
    """The scalar and the fine form add the currents of a step in 16 bits."""
    for weights in (committed.hidden_weights, committed.output_weights):
        assert np.abs(weights.astype(np.int64)).sum(axis=0).max() < 1 << 15


def test_rate_code_counts() -> None:
    """p spikes in 16 steps, whatever the start; a pixel of 16 in every step, one of 0 never."""
    pixels = np.arange(17)[None, :]
    for start in range(16):
        spikes = rate_code(pixels, Parameters(steps=16, rate_start=start))
        assert (spikes.sum(axis=0)[0] == np.arange(17)).all()


def test_packing_returns_the_same(committed: artefacts.Digits) -> None:
    assert (artefacts.unpack_images(artefacts.pack_images(committed.pixels)) == committed.pixels).all()
    packed = artefacts.pack_rows(committed.output_weights)
    assert len(packed) == PARAMETERS.hidden * artefacts.pitch(PARAMETERS.outputs)
    assert (artefacts.unpack_rows(packed, PARAMETERS.hidden, 10) == committed.output_weights).all()


def test_fnv1a_against_published_values() -> None:
    """Test vectors of the FNV reference page (Noll)."""
    assert [artefacts.fnv1a(text) for text in (b"", b"a", b"foobar")] == [0x811C9DC5, 0xE40C292C, 0xBF9CF968]


def test_images_are_the_held_out_part_of_the_data_set(committed: artefacts.Digits) -> None:
    pytest.importorskip("sklearn")
    pixels, labels = digits.load_digits()
    training, held_out = digits.split(labels)
    assert set(training).isdisjoint(held_out)
    assert len(training) + len(held_out) == len(labels)
    assert (pixels[held_out] == committed.pixels).all()
    assert (labels[held_out] == committed.labels).all()


def test_training_is_repeatable_and_learns() -> None:
    pytest.importorskip("sklearn")
    pixels, labels = digits.load_digits()
    recipe = Recipe(epochs=4)
    first = train(pixels[:256], labels[:256], PARAMETERS, recipe)
    second = train(pixels[:256], labels[:256], PARAMETERS, recipe)
    assert all((one == two).all() for one, two in zip(first, second, strict=True))
    fitted = artefacts.Digits(*first, pixels[:256], labels[:256])
    assert digits.accuracy(fitted.pixels, fitted.labels, fitted, PARAMETERS) > 0.5


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(FOLDER, tmp_path / "digits")
    return tmp_path / "digits"


def test_check_accepts_the_committed_program(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert digits.check(copy) == 0
    assert "355 of 360" in capsys.readouterr().out


def test_check_names_a_changed_file(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = copy / "data" / "weights_output.bin"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(bytes(data))
    assert digits.check(copy) == 1
    assert "weights_output.bin" in capsys.readouterr().err


def test_check_names_what_differs_from_the_expectation(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = expectation("digits")
    expected["checksum"] = "00000000"
    (copy / "expect.json").write_text(json.dumps(expected))
    assert digits.check(copy) == 1
    assert "checksum" in capsys.readouterr().err


def test_check_of_a_folder_without_data_is_one_message(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tools.training.digits", "--check", "--program", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("digits: cannot check")
    assert done.stderr.count("\n") == 1
