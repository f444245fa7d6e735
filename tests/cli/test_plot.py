"""`neurohart plot`: what is drawn of runs and traces, the data behind it, and messages."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from coprocessor.energy import PRESETS
from iss.cli.exit_codes import ExitCode
from iss.cli.programs import read_program
from iss.cli.target import Choices, assemble_image
from iss.debug.descriptors import membranes, population_at
from iss.debug.potentials import Sampler
from iss.machine import End, Machine
from iss.memory.map import MemoryMap
from iss.trace.block import SPIKES
from iss.trace.profile.collect import collect
from iss.trace.profile.costs import Prices
from iss.trace.profile.stacks import Profile
from iss.trace.raster import Raster
from iss.trace.timeline import STRETCHES, Timeline
from tests.architecture.repository import ROOT
from tests.cli.command import HELLO, Command, write_source
from tests.trace.recording import busy, record
from tests.trace.test_profile import NETWORK, XNM, run
from tests.trace.test_trace_file import spikes_of

pytest.importorskip("matplotlib", reason="matplotlib is not installed")
DIGITS = ROOT / "programs" / "digits"


def titles(path: Path) -> list[str]:
    """The texts of a picture: matplotlib keeps each as a comment."""
    return re.findall(r"<!-- (.*?) -->", path.read_text())


def test_a_run_and_its_trace(neurohart: Command, tmp_path: Path) -> None:
    source = write_source(tmp_path, NETWORK)
    trace, picture, again = tmp_path / "t.nht", tmp_path / "a.svg", tmp_path / "b.svg"
    assert neurohart("trace", "record", source, "--isa", XNM, "-q", "-o", trace).code == 0
    for name, target in ((source, picture), (trace, again)):
        ended = neurohart("plot", name, "--isa", XNM, "-o", target)
        assert (ended.code, ended.output, ended.errors) == (0, b"", "")
    assert picture.read_bytes() == again.read_bytes()
    assert "pop  4,000 spikes" in titles(picture)
    assert any(text.startswith("power  ") for text in titles(picture))


def test_engines_give_the_same_picture(neurohart: Command, tmp_path: Path) -> None:
    pictures = [tmp_path / f"{engine}.svg" for engine in ("reference", "interpreter")]
    for picture in pictures:
        options = ("--uart", "null", "--limit", 1500, "--membrane", "output_neurons:0-9")
        assert neurohart("plot", DIGITS, "--engine", picture.stem, *options, "-o", picture).code == 0
    assert len({picture.read_bytes() for picture in pictures}) == 1


def test_membranes(neurohart: Command, tmp_path: Path) -> None:
    picture = tmp_path / "a.svg"
    ended = neurohart(
        *("plot", DIGITS, "--uart", "null", "--limit", 5000, "-o", picture, "--raster", "hidden_neurons"),
        *("--membrane", "output_neurons:0,3,8-9", "--membrane", "hidden_neurons", "--to-step", 20),
    )
    assert (ended.code, ended.errors) == (0, "")
    found = titles(picture)
    assert {"neuron 9", "neuron 3", "threshold", "output_neurons  membrane potential"} <= set(found)
    assert not [text for text in found if text.startswith("power")]


def test_potentials_are_those_of_the_run() -> None:
    """The last step of each command is what the machine itself then has in memory; steps count on."""
    program = read_program(DIGITS)
    form = program.form("engine")
    image, _ = assemble_image(form.source, form.isa, Choices(), MemoryMap())
    machine = Machine(form.isa)
    machine.load(image)
    address, raster = machine.symbol("output_neurons"), Raster()
    sampler = Sampler(address, tuple(range(10)), raster)
    command, compared = machine.symbol("infer") + 0x44, 0
    while compared < 4:
        assert machine.run(1).end is End.LIMIT
        before = len(sampler.steps)
        sampler.before(machine)
        if machine.hart.pc == command:
            assert machine.run(1).end is End.LIMIT
            population = population_at(machine, address)
            assert population is not None
            assert sampler.values[-1].tolist() == membranes(machine, population).tolist()
            assert len(sampler.steps) == before + 10
            compared += 1
    assert sampler.steps == list(range(40))
    assert len({tuple(values) for values in sampler.values}) > 30


def test_rasters_have_all_spikes() -> None:
    trace = record(busy(), "interpreter", [2000, 1000, None]).trace
    raster = Raster()
    for view in trace.views():
        raster.take(view)
    (population,) = raster.populations
    steps, neurons = raster.spikes(population)
    assert len(steps) == len(neurons) == sum(bits.bit_count() for *_, bits in spikes_of(trace))
    assert set(neurons.tolist()) == set(range(100))


def test_steps_go_on_where_time_begins_again() -> None:
    raster = Raster()
    raster.add(np.array([(0, 16, 0, 1), (5, 16, 0, 1), (2, 16, 1, 3), (1, 16, 0, 1)], SPIKES))
    raster.add(np.array([(1, 16, 0, 2), (0, 16, 0, 1)], SPIKES))
    steps, neurons = raster.spikes(16)
    assert steps.tolist() == [0, 5, 8, 8, 10, 10, 11]
    assert neurons.tolist() == [0, 0, 32, 33, 0, 1, 0]
    assert (raster.step(3), raster.step(0), raster.step(4)) == (14, 15, 19)


@pytest.mark.parametrize("kind", ["busy", "network"])
def test_the_timeline_has_all_energy(kind: str) -> None:
    trace = record(busy(), "interpreter").trace if kind == "busy" else run(NETWORK)[1]
    timeline = Timeline()
    for view in trace.views():
        timeline.take(view)
    prices = Prices(PRESETS["default22"], trace.end)
    total = sum(values.sum() for values in timeline.energy(prices).values())
    whole = Profile.of(collect(trace), PRESETS["default22"]).root.total
    assert abs(total - whole.fj / 1000) < 1e-6 * total
    assert timeline.width * STRETCHES >= whole.cycles > timeline.width * STRETCHES // 4
    assert sum(timeline.instructions) == whole.instructions


def test_without_matplotlib(neurohart: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    ended = neurohart("plot", write_source(tmp_path, HELLO, CODE=0), "-o", tmp_path / "a.svg")
    assert (ended.code, ended.output) == (ExitCode.USAGE, b"")
    assert ended.errors == (
        "neurohart plot: pictures need matplotlib, which is not installed; "
        "install it with: pip install 'neurohart[plot]'\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["HELLO"], ExitCode.USAGE, "expected neurohart plot PROGRAM -o FILE"),
        (["HELLO", "-o", "a.txt"], ExitCode.USAGE, "a.txt: the name tells no format of pictures"),
        (["HELLO", "-o", "no/such/a.svg"], ExitCode.WRITE_ERROR, "no"),
        (["HELLO", "-o", "OUT", "--raster"], ExitCode.FAILED, "nothing has spiked, so there is nothing to draw"),
        (["HELLO", "-o", "OUT", "--raster", "txet"], ExitCode.USAGE, "no symbol 'txet'; did you mean 'text'?"),
        (["HELLO", "-o", "OUT", "--membrane", "text"], ExitCode.USAGE, "there is no population at 0x80001000"),
        (["HELLO", "-o", "OUT", "--membrane", "text:a"], ExitCode.USAGE, "expected POP:NEURONS with neurons like"),
        (["NET", "-o", "OUT", "--membrane", "pop:100"], ExitCode.USAGE, "neurons 0 to 99, and 100 is none"),
        (["TRACE", "-o", "OUT", "--membrane", "pop"], ExitCode.USAGE, "traces do not hold membrane potentials"),
    ],
)
def test_mistakes(neurohart: Command, tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    trace = tmp_path / "hello.nht"
    names = {"HELLO": write_source(tmp_path, HELLO, "hello.S", CODE=0), "TRACE": trace, "OUT": tmp_path / "a.svg"}
    names["NET"] = write_source(tmp_path, NETWORK, "network.S")
    if "TRACE" in arguments:
        assert neurohart("trace", "record", names["HELLO"], "-q", "-o", trace).code == 0
    ended = neurohart("plot", *[names.get(word, word) for word in arguments], "--uart", "null", "--isa", XNM)
    assert (ended.code, ended.output) == (code, b"")
    assert re.fullmatch(r"neurohart plot: [^\n]*\n", ended.errors)
    assert message in ended.errors
    assert not (tmp_path / "a.svg").exists()
