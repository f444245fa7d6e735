"""Finding tools, building programs, and what happens when something is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracles.building import BuildError, Program, cached
from tests.oracles.toolchain import ToolMissing, cross_compiler, require


def missing() -> Path:
    """A tool that nobody has."""
    raise ToolMissing("frobnicator is missing; run: apt-get install frobnicator")


def test_missing_tool_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without CI the test is skipped, with the reason."""
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="frobnicator is missing; run"):
        require(missing)


def test_missing_tool_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """With CI set the test fails, so that a CI without tools is never green."""
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="frobnicator is missing; run"):
        require(missing)


def test_builds_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same parts are made once, other parts anew; a failed build leaves nothing."""
    monkeypatch.setenv("NEUROHART_TEST_CACHE", str(tmp_path))
    made = []

    def make(path: Path) -> None:
        made.append(path)
        path.write_text("content")

    def fail(path: Path) -> None:
        raise BuildError("no")

    first = cached(["a", b"b"], "thing", make)
    assert first.read_text() == "content"
    assert cached(["a", b"b"], "thing", make) == first
    assert cached(["ab"], "thing", make) != first
    assert len(made) == 2
    with pytest.raises(BuildError):
        cached(["c"], "thing", fail)
    assert len(list(tmp_path.iterdir())) == 2


def test_compiler_messages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A program that does not compile raises with the compiler's message; an included header counts as content."""
    require(cross_compiler)
    monkeypatch.setenv("NEUROHART_TEST_CACHE", str(tmp_path / "cache"))
    source, header = tmp_path / "wrong.S", tmp_path / "header.h"
    source.write_text('#include "header.h"\n.globl _start\n_start: WORD\n')
    header.write_text("#define WORD frobnicate a0, a1\n")
    program = Program("wrong", (source,), include=(tmp_path,))
    with pytest.raises(BuildError, match="frobnicate"):
        program.build()
    header.write_text("#define WORD nop\n")
    assert program.build().read_bytes().startswith(b"\x7fELF")
