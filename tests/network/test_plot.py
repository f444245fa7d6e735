"""Pictures of networks: the data behind them, files that are the same each time, and messages."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from coprocessor import Network
from coprocessor.errors import CoprocessorError
from coprocessor.plot import Picture, Power, Spikes, check, draw, save, spikes_of, watch

STEPS = 30


def network() -> Network:
    random = np.random.default_rng(1)
    made = Network()
    made.input("x", 64)
    made.population("hidden", 32, "CUBA", current_retention=2048, membrane_retention=3700, threshold=400)
    made.population("out", 4, "LI", membrane_retention=4000)
    made.dense("x", "hidden", random.integers(-50, 80, (64, 32)))
    made.dense("hidden", "out", random.integers(-8, 8, (32, 4)), bits=4)
    return made


def inputs() -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    return np.random.default_rng(2).random((STEPS, 64)) < 0.1


def test_watching_changes_nothing() -> None:
    plain, watched = network(), network()
    result = plain.run({"x": inputs()})
    spikes, potentials = watch(watched, {"x": inputs()}, potentials={"hidden": [0, 31], "out": [2]})
    assert [one.name for one in potentials] == ["hidden", "out"]
    hidden = next(one for one in spikes if one.name == "hidden")
    raster = np.zeros((STEPS, 32), np.uint8)
    raster[hidden.steps, hidden.neurons] = 1
    assert (raster == result["hidden"]).all()
    assert raster.sum() > 100
    assert (potentials[0].values[-1] == plain.state("hidden")["v"][[0, 31]]).all()
    assert (potentials[1].values[:, 0] == result["out"][:, 2]).all()  # of LI the output is the potential


def test_spikes_of_a_result() -> None:
    made = network()
    result = made.run({"x": inputs()})
    (found,) = spikes_of(result, "hidden")
    assert (found.size, len(found.steps)) == (32, result["hidden"].sum())
    made.reset()
    batch = made.run_batch({"x": np.stack([np.zeros((STEPS, 64), bool), inputs()])})
    (second,) = spikes_of(batch, "hidden", sample=1)
    assert (second.steps == found.steps).all() and (second.neurons == found.neurons).all()


def picture() -> Picture:
    spikes, potentials = watch(network(), {"x": inputs()}, potentials={"hidden": [0, 3]})
    parts = {"firmware": np.array([1e6, 2e6]), "coprocessor": np.array([0.0, 1e6])}
    return Picture("a network", spikes[:1], potentials, Power(np.array([0.0, 0.5]), 0.5, parts, "default22"))


def test_files(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    for suffix, head in (("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")):
        paths = [tmp_path / f"{name}.{suffix}" for name in "ab"]
        for path in paths:
            save(picture(), path)
        assert paths[0].read_bytes() == paths[1].read_bytes()
        assert paths[0].read_bytes().startswith(head)


def test_what_is_drawn() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    made = picture()
    axes = draw(made).axes
    assert [one.get_title(loc="left").split("  ")[0] for one in axes] == ["hidden", "hidden", "power"]
    (strokes,) = axes[0].lines
    assert (strokes.get_xdata()[::3] == made.spikes[0].steps).all()
    middle = (strokes.get_ydata()[::3] + strokes.get_ydata()[1::3]) / 2
    assert np.allclose(middle, made.spikes[0].neurons)
    assert [line.get_ydata().tolist() for line in axes[1].lines] == made.potentials[0].values.T.tolist()
    tops = [patch.get_data().values for patch in axes[2].patches]
    assert np.allclose(tops, [[2.0, 4.0], [2.0, 6.0]])  # 1 µJ in half a millisecond is 2 mW
    assert "4 µJ in all" in axes[2].get_title(loc="left")


def test_mistakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CoprocessorError, match="'hidden' has the neurons 0 to 31, and 32 is none"):
        watch(network(), {"x": inputs()}, potentials={"hidden": [32]})
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    with pytest.raises(CoprocessorError, match="nothing to draw"):
        draw(Picture())
    with pytest.raises(CoprocessorError, match=r"a\.txt: the name tells no format of pictures"):
        check("a.txt")
    empty = np.zeros(0, np.int64)
    save(Picture(spikes=[Spikes("silent", 4, empty, empty)]), tmp_path / "silent.svg")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(CoprocessorError, match=r"install it with: pip install 'neurohart\[plot\]'"):
        check("a.svg")
