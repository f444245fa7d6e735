"""The engine `auto`: the interpreter, or with a word about it the reference engine."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from coprocessor.golden import Coprocessor as Golden
from iss.cli.main import main
from iss.errors import NeuroHartError, SlowEngineWarning
from iss.machine import Machine
from tests.cli.command import HELLO, write_source
from tests.engines.lockstep import ISA, XNM


@pytest.mark.parametrize("isa", [ISA, XNM])
def test_the_interpreter_needs_no_word(isa: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        machine = Machine(isa)
    assert (machine.engine.name, machine.note) == ("interpreter", None)


def test_a_coprocessor_without_c_functions() -> None:
    with pytest.warns(SlowEngineWarning, match="hundreds of times slower: coprocessor.golden.* has no C functions"):
        machine = Machine(XNM, coprocessor=Golden)
    assert machine.engine.name == "reference"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Machine(XNM, "reference", coprocessor=Golden)
    with pytest.raises(NeuroHartError, match="only the reference engine runs with it"):
        Machine(XNM, "interpreter", coprocessor=Golden)


@pytest.fixture
def nothing_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the C interpreter had not been built."""
    monkeypatch.setitem(sys.modules, "iss.engines.interpreter", None)


@pytest.mark.usefixtures("nothing_compiled")
def test_nothing_compiled() -> None:
    with pytest.warns(SlowEngineWarning, match="the interpreter is not compiled: running on the reference engine"):
        assert Machine(ISA).engine.name == "reference"
    with pytest.raises(NeuroHartError, match="the interpreter is not compiled; run `pip install"):
        Machine(ISA, "interpreter")


@pytest.mark.usefixtures("nothing_compiled")
@pytest.mark.parametrize("options", [[], ["--engine", "reference"]], ids=["auto", "reference"])
def test_the_command_line_says_it_once(options: list[str], tmp_path: Path, capfd: Any) -> None:
    program = write_source(tmp_path, HELLO, CODE=0)
    assert main(["run", str(program), "--quiet", *options]) == 0
    said = [line for line in capfd.readouterr().err.splitlines() if "interpreter" in line]
    note = "neurohart: the interpreter is not compiled: running on the reference engine, hundreds of times slower"
    assert said == ([] if options else [note])
