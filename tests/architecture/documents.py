"""Documents as programs: reads the fenced blocks of a page and does what they say.

A block's first word is its language. `file=NAME` writes the block to a file, `diff` is applied to the checkout, and
`console` holds commands after `$ ` with the output a reader will see; `...` stands for what differs from run to run.
"""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.repository import ROOT

_FENCE = re.compile(
    r"^```(?P<language>\w*)(?: file=(?P<file>\S+))?[^\n]*\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_CHECKER = doctest.OutputChecker()


@dataclass(frozen=True)
class Block:
    """A fenced block: language, the file it is to be written to, text, and the line it starts at."""

    language: str
    file: str | None
    text: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Block(found["language"], found["file"], found["text"], line)


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """Each command of a console block with the output that follows it."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a reader who has activated the virtual environment, on a plain terminal of 100 columns."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEUROHART", "PYTEST"))}
    return {**kept, "PATH": path, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", **extra}


def run_page(page: Path, directory: Path, extra: Mapping[str, str], substitutes: Mapping[str, str]) -> None:
    """Do what a page says in a directory; `substitutes` replaces commands that need more than a test has.

    Raises AssertionError with the page's line where the output is another one.
    """
    for block in blocks(page):
        where = f"{page.relative_to(ROOT)}:{block.line}"
        if block.file is not None:
            target = directory / block.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.language == "diff":
            applied = subprocess.run(
                ["git", "apply", "-C1", "-"],
                cwd=directory,
                input=block.text,
                text=True,
                capture_output=True,
                check=False,
            )
            assert applied.returncode == 0, f"{where}: the change does not apply: {applied.stderr}"
        elif block.language == "console":
            for command, expected in commands(block):
                done = subprocess.run(
                    ["bash", "-c", substitutes.get(command, command)],
                    cwd=directory,
                    env=environment(extra),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    check=False,
                )
                seen = done.stdout.decode(errors="replace")
                assert done.returncode == 0, f"{where}: `{command}` ends with {done.returncode}:\n{seen}"
                same = _CHECKER.check_output(expected, seen, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
                assert same, f"{where}: `{command}` prints\n{seen}\nthe page shows\n{expected}"


def copy_checkout(directory: Path) -> None:
    """Copy the project's files, also those not committed yet, and what is compiled."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    compiled = [str(path.relative_to(ROOT)) for top in ("iss", "coprocessor") for path in (ROOT / top).rglob("*.so")]
    for name in {*listing.stdout.decode().split("\0"), *compiled} - {""}:
        if (ROOT / name).is_file():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, directory / name)
