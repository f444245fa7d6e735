"""The compiled interpreter is the one the definitions give: nobody runs yesterday's instructions."""

from __future__ import annotations

from iss.builtin import full_architecture
from iss.engines._interpreter import ffi, lib
from iss.engines.generate import fingerprint, interpreter_source


def test_compiled_interpreter_is_fresh() -> None:
    """If this fails, `make build` compiles it again."""
    compiled = ffi.string(lib.nh_fingerprint).decode()
    assert compiled == fingerprint(interpreter_source(full_architecture()))


def test_generation_is_deterministic() -> None:
    """The same definitions give the same text, so that builds are reproducible."""
    assert interpreter_source(full_architecture()) == interpreter_source(full_architecture())
