"""Every sub-command explains itself: help text, an example, a line in the overview."""

from __future__ import annotations

from importlib import import_module

import pytest

from iss.cli.main import COMMANDS, main


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`neurohart NAME --help` shows usage, options and at least one command line that can be typed."""
    assert main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"usage: neurohart {name}" in text
    assert f"  neurohart {name}" in text.partition("usage:")[2].partition("\n")[2], "no example"


def test_overview_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """`neurohart --help` has one line for each."""
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for name, module in COMMANDS.items():
        assert f"  {name}" in text
        assert import_module(module).HELP in text
