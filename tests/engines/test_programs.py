"""Every program in every form, stopped at random counts: engines and coprocessor models agree on everything visible."""

from __future__ import annotations

import random

import pytest

from iss.hart.timing import MODELS
from iss.loaders import Image
from iss.machine import End
from tests.effort import LONG
from tests.engines.lockstep import Setup, compare_engines, compare_splits, random_steps
from tests.programs.catalogue import Form, forms

STOPS, TOTAL = (200, 3_000_000) if LONG else (24, 150_000)
RAM_SIZE = 4 << 20


def each(chosen: list[Form]) -> pytest.MarkDecorator:
    """Parametrize a test with forms."""
    return pytest.mark.parametrize("form", chosen, ids=lambda form: f"{form.program}-{form.name}")


def image(form: Form) -> Image:
    return form.assemble().image()


@pytest.mark.parametrize("timing", MODELS)
@each(forms())
def test_engines_agree(form: Form, timing: str) -> None:
    setup = Setup(image(form), form.isa, timing, ram_size=RAM_SIZE)
    total = TOTAL if timing == "ideal" else TOTAL // 5
    name = f"{form.program} {form.name} {timing}"
    seed = random.Random(name).getrandbits(32)
    compare_engines(setup, random_steps(seed, STOPS, total), name)


@each([form for form in forms() if form.needs_coprocessor])
def test_engines_agree_with_the_golden_coprocessor(form: Form) -> None:
    setup = Setup(image(form), form.isa, ram_size=RAM_SIZE)
    compare_engines(setup, random_steps(1, 10, 2000), form.name, golden_too=True)


@each([form for form in forms() if form.program != "digits"])
def test_engines_agree_to_the_end(form: Form) -> None:
    """Some console output, one long run, with trace records."""
    setup = Setup(image(form), form.isa, "edge5", ram_size=RAM_SIZE, observed=True)
    outcome = compare_engines(setup, [1000, None], form.name)
    assert outcome is not None and outcome.end is End.EXIT


@each(forms())
def test_runs_in_parts_equal_one_run(form: Form) -> None:
    setup = Setup(image(form), form.isa, "edge2", ram_size=RAM_SIZE)
    compare_splits(setup, 200_000, [7, 1, 1000, *random_steps(5, 30, 150_000)], form.name)
