"""Every program in every form on every engine: output, exit code and, for digits, the same bits in memory."""

from __future__ import annotations

import numpy as np
import pytest

from iss.hart.timing import MODELS
from tests.programs.catalogue import PROGRAMS, Form, expectation, forms
from tests.programs.simulation import run
from tools.training import artefacts
from tools.training.network import Parameters, decide, rate_code
from tools.training.network import run as run_reference

ENGINES = ("reference", "interpreter")
FEW_IMAGES = 12
FORMS = [form for form in forms() if not form.needs_coprocessor]
DIGITS = [form for form in FORMS if form.program == "digits"]


def named(form: Form) -> str:
    return f"{form.program}-{form.name}"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("form", [form for form in FORMS if form.program != "digits"], ids=named)
def test_program(form: Form, engine: str) -> None:
    expected = expectation(form.program)
    result = run(form, engine)
    assert (result.output, result.exit_code) == (expected["output"], expected["exit_code"])


@pytest.mark.parametrize("timing", MODELS)
def test_traps_under_every_timing_model(timing: str) -> None:
    (form,) = (form for form in FORMS if form.program == "traps")
    result = run(form, "interpreter", timing)
    assert (result.output, result.exit_code) == (expectation("traps")["output"], 0)


@pytest.mark.parametrize("form", DIGITS, ids=named)
def test_digits(form: Form) -> None:
    expected = expectation("digits")
    result = run(form, "interpreter")
    assert (result.output, result.exit_code) == (expected["output"], expected["exit_code"])
    images, correct, permille, spikes, checksum, *_ = result.words("results", 7)
    assert (images, correct, permille) == (expected["images"], expected["correct"], expected["accuracy_permille"])
    assert (spikes, f"{checksum:08x}") == (expected["hidden_spikes"], expected["checksum"])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("form", DIGITS, ids=named)
def test_few_digits_leave_the_bits_of_the_reference(form: Form, engine: str) -> None:
    parameters = Parameters()
    digits = artefacts.read(PROGRAMS / "digits", parameters)
    spikes = rate_code(digits.pixels[:FEW_IMAGES], parameters)
    trace = run_reference(spikes, digits.hidden_weights, digits.output_weights, parameters)
    result = run(form, engine, poke={"image_count": FEW_IMAGES})
    assert result.output == artefacts.predict(digits, parameters, FEW_IMAGES)["output"]
    memory = result.machine.ram.buffer

    def read(symbol: str, data: bytes) -> bytes:
        offset = result.machine.symbol(symbol) - result.machine.ram.base
        return bytes(memory[offset : offset + len(data)])

    for symbol, data in {
        "input_spikes": artefacts.pack_bits(spikes.swapaxes(0, 1)),
        "hidden_spikes": artefacts.pack_bits(trace.spikes.swapaxes(0, 1)),
        "output_potentials": trace.potentials.swapaxes(0, 1).astype("<i4").tobytes(),
        "classes": decide(trace).astype(np.uint8).tobytes(),
    }.items():
        assert read(symbol, data) == data, symbol


@pytest.mark.parametrize("form", DIGITS, ids=named)
def test_measured_part_lies_between_its_symbols(form: Form) -> None:
    """The program's own counts are those of the machine between inference_begin and inference_end."""
    result = run(form, "reference", poke={"image_count": 1})
    *_, cycles, instructions = result.words("results", 7)
    assert 0 < instructions < result.machine.hart.retired
    assert cycles >= instructions
