"""An extension file that is not there: one message and the exit code of missing input, from every command."""

from __future__ import annotations

from importlib import import_module

import pytest

from iss.cli.exit_codes import ExitCode
from iss.cli.main import COMMANDS
from tests.cli.command import Command

NAME = "nowhere.py"
MESSAGE = f"{NAME}: cannot be read (No such file or directory); expected an extension file"
GROUPS = {name: import_module(COMMANDS[name]).COMMANDS for name in ("ext", "trace")}
EVERY = [(name,) for name in COMMANDS] + [(group, name) for group, names in GROUPS.items() for name in names]
TAKE_A_FILE = {"check", "show", "export", "filter", "test", "prove", "dii", "mutate", "cover"}
WITHOUT = {"new", "whatif"}  # of `ext`: those without an extension FILE
MORE = {"export": ("--print",)}


def judge(command: Command, *arguments: object) -> None:
    ended = command(*arguments)
    assert MESSAGE in ended.errors
    assert (ended.code, ended.output, ended.errors.count("\n")) == (ExitCode.NO_INPUT, b"", 1)


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_option(words: tuple[str, ...], neurohart: Command) -> None:
    judge(neurohart, *words, "--ext", NAME)


@pytest.mark.parametrize("name", sorted(TAKE_A_FILE))
def test_file_of_ext(name: str, neurohart: Command) -> None:
    judge(neurohart, "ext", name, NAME, *MORE.get(name, ()))


def test_every_command_of_ext_is_tried() -> None:
    assert set(GROUPS["ext"]) == TAKE_A_FILE | WITHOUT


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ext", "prove", "add", "nowhere.c:f"), "nowhere.c: cannot be read (No such file or directory)"),
        (("ext", "prove", "nowhere.py:spk.lif"), "nowhere.py: cannot be read (No such file or directory)"),
        (("ext", "show", "nowhere.py", "spk.lif"), "nowhere.py: cannot be read (No such file or directory)"),
        (("ext", "check", "{file}", "--known", "no.toml"), "no.toml: cannot be read (No such file or directory)"),
        (("ext", "cover", "{file}", "--merge", "no.json"), "no.json: cannot be read (No such file or directory)"),
        (("ext", "cover", "{file}", "--tests", "test_no.py"), "test_no.py: is not there"),
        (("ext", "mutate", "{file}", "--tests", "test_no.py"), "test_no.py: is not there"),
        (("ext", "test", "{file}", "--against", "no.c"), "no.c is not there"),
        (("ext", "test", "{file}", "--against", "no.v"), "no.v: cannot be read (No such file or directory)"),
        (("ext", "whatif", "no.nht"), "no.nht: cannot be read (No such file or directory)"),
        (("ext", "cover", "{file}", "--run", "no.elf"), "no.elf: cannot be read (No such file or directory)"),
    ],
)
def test_other_files(arguments: tuple[str, ...], message: str, neurohart: Command) -> None:
    file = "programs/extensions/xdot/xdot.py"
    ended = neurohart(*(word.replace("{file}", file) for word in arguments))
    assert message in ended.errors
    assert (ended.code, ended.errors.count("\n")) == (ExitCode.NO_INPUT, 1)
