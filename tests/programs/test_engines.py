"""Every program in every form on every engine: output, exit code and, for digits, the same bits in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from coprocessor import golden
from iss.hart.timing import MODELS
from tests.programs.catalogue import PROGRAMS, Form, expectation, forms
from tests.programs.simulation import run
from tools.training import artefacts
from tools.training.network import Parameters, decide, rate_code
from tools.training.network import run as run_reference

FEW_IMAGES = 12
FORMS = forms()
DIGITS = [form for form in FORMS if form.program == "digits"]
HART_AND_COPROCESSOR: dict[str, tuple[str, Callable[[Any, int], Any] | None]] = {
    "interpreter": ("interpreter", None),
    "reference": ("reference", None),
    "reference-golden": ("reference", golden.Coprocessor),
}


def named(form: Form) -> str:
    return f"{form.program}-{form.name}"


def runs(chosen: list[Form]) -> pytest.MarkDecorator:
    """Each form on each pair of engine and coprocessor; plain forms need the engines only."""
    cases = [
        pytest.param(form, pair, id=f"{named(form)}-{pair}")
        for form in chosen
        for pair, (_, coprocessor) in HART_AND_COPROCESSOR.items()
        if form.needs_coprocessor or coprocessor is None
    ]
    return pytest.mark.parametrize(("form", "pair"), cases)


def form_of(program: str, name: str) -> Form:
    (found,) = (form for form in FORMS if (form.program, form.name) == (program, name))
    return found


@runs([form for form in FORMS if form.program != "digits"])
def test_program(form: Form, pair: str) -> None:
    engine, coprocessor = HART_AND_COPROCESSOR[pair]
    expected = expectation(form.program)
    result = run(form, engine, coprocessor=coprocessor)
    assert (result.output, result.exit_code) == (expected["output"], expected["exit_code"])


@pytest.mark.parametrize("timing", MODELS)
def test_traps_under_every_timing_model(timing: str) -> None:
    result = run(form_of("traps", "scalar"), "interpreter", timing)
    assert (result.output, result.exit_code) == (expectation("traps")["output"], 0)


@pytest.mark.parametrize("form", DIGITS, ids=named)
def test_digits(form: Form) -> None:
    expected = expectation("digits")
    result = run(form, "interpreter")
    assert (result.output, result.exit_code) == (expected["output"], expected["exit_code"])
    images, correct, permille, spikes, checksum, *_ = result.words("results", 7)
    assert (images, correct, permille) == (expected["images"], expected["correct"], expected["accuracy_permille"])
    assert (spikes, f"{checksum:08x}") == (expected["hidden_spikes"], expected["checksum"])


def test_engine_counters_are_the_predicted_ones() -> None:
    counters = run(form_of("digits", "engine"), "interpreter").counters()
    assert expectation("digits")["counters"].items() <= counters.items()
    assert counters["wupd"] == 0


@runs(DIGITS)
def test_few_digits_leave_the_bits_of_the_reference(form: Form, pair: str) -> None:
    engine, coprocessor = HART_AND_COPROCESSOR[pair]
    parameters = Parameters()
    digits = artefacts.read(PROGRAMS / "digits", parameters)
    spikes = rate_code(digits.pixels[:FEW_IMAGES], parameters)
    trace = run_reference(spikes, digits.hidden_weights, digits.output_weights, parameters)
    result = run(form, engine, poke={"image_count": FEW_IMAGES}, coprocessor=coprocessor)
    assert result.output == artefacts.predict(digits, parameters, FEW_IMAGES)["output"]
    for symbol, data in {
        "input_spikes": artefacts.pack_bits(spikes.swapaxes(0, 1)),
        "hidden_spikes": artefacts.pack_bits(trace.spikes.swapaxes(0, 1)),
        "output_potentials": trace.potentials.swapaxes(0, 1).astype("<i4").tobytes(),
        "classes": decide(trace).astype(np.uint8).tobytes(),
    }.items():
        assert result.bytes(symbol, len(data)) == data, symbol


@pytest.mark.parametrize("form", DIGITS, ids=named)
def test_counts_in_the_measured_part(form: Form) -> None:
    """Engines agree on them; with one cycle an instruction only the coprocessor's instructions cost more."""
    counts = {
        run(form, engine, poke={"image_count": 2}).words("results", 7)[5:] for engine in ("interpreter", "reference")
    }
    assert len(counts) == 1
    ((cycles, instructions),) = counts
    assert cycles > instructions if form.needs_coprocessor else cycles == instructions


def test_each_form_needs_fewer_instructions_and_cycles_than_the_one_before() -> None:
    costs = [
        run(form_of("digits", name), "interpreter").words("results", 7)[5:] for name in ("scalar", "fine", "engine")
    ]
    cycles, instructions = zip(*costs, strict=True)
    assert cycles[0] > cycles[1] > cycles[2]
    assert instructions[0] > instructions[1] > instructions[2]


@pytest.mark.parametrize("form", DIGITS, ids=named)
def test_figures_of_the_readme(form: Form) -> None:
    measured = {timing: run(form, "interpreter", timing).words("results", 7)[5:] for timing in ("ideal", "edge2")}
    figures = (measured["ideal"][1], measured["ideal"][0], measured["edge2"][0])
    row = " | ".join([f"`{form.name}`", *(f"{figure / 1e6:.2f} M" for figure in figures)])
    assert f"| {row} |" in (PROGRAMS / "digits" / "README.md").read_text()


def test_bad_descriptor_is_one_line_and_exit_code_1() -> None:
    """A projection without its mark (word 0) is found by the program's own check."""
    form = form_of("digits", "engine")
    result = run(form, "interpreter", poke={"hidden_synapses": 0})
    address = result.machine.symbol("hidden_synapses")
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == f"bad descriptor at {address:08x}"
