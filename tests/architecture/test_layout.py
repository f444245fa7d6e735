"""What stands where in the checkout, how long files are, and what no file says."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT, project_files, text_files

TOP_LEVEL = {
    *(".ci", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md"),
    *("pyproject.toml", "setup.py"),
    *("asm", "coprocessor", "docs", "iss", "programs", "tests", "tools"),
}
LONG, TOO_LONG = 400, 600
# Longer than TOO_LONG, with the reason.
LONG_FILES: dict[str, str] = {}
CODE = {".c", ".h", ".py", ".S", ".sh", ".inc"}

# No machine of ours, no host the tools are fetched from, nothing left for later. Written so that they do not find
# themselves.
FORBIDDEN = {
    "an absolute path of somebody's machine": re.compile(r"(?<![\w.~*$}])/(?:home|root|work|Users)/\w"),
    "the host of a package registry": re.compile(r"p[y]pi\.org|p[y]thonhosted|regis[t]ry\.npmjs|deb\.deb[i]an\.org"),
    "a note for later": re.compile(r"\b(?:TO[D]O|FIX[M]E)\b"),
}
# What git leaves in a file where it could not merge. Its middle line, seven signs of equality, is none by itself:
# headings are underlined so.
CONFLICT = re.compile(r"(?:<{7}|>{7}|\|{7})(?: .*)?")


def test_top_level() -> None:
    """The design names everything that stands at the root; a new name is a decision."""
    assert {path.parts[0] for path in project_files()} == TOP_LEVEL


def test_file_lengths() -> None:
    """Files hold one concept: over 400 lines is reported, over 600 needs a reason in the table."""
    lengths = {
        str(path): text.count("\n") for path, text in text_files() if path.suffix in CODE and "data" not in path.parts
    }
    for name, length in lengths.items():
        if length > LONG:
            warnings.warn(f"{name} has {length} lines; files are rarely longer than {LONG}", stacklevel=1)
    assert {name for name, length in lengths.items() if length > TOO_LONG} == set(LONG_FILES)


def test_nothing_forbidden_is_said() -> None:
    """The project speaks of itself alone."""
    wrong = [
        f"{path}:{number}: {what}: {line.strip()}"
        for path, text in text_files()
        for number, line in enumerate(text.splitlines(), 1)
        for what, pattern in FORBIDDEN.items()
        if pattern.search(line)
    ]
    assert not wrong, "\n".join(wrong)


def test_merge_conflicts_are_resolved() -> None:
    """No file holds two versions of a place; the markers are found in all text, not in code alone."""
    left = [
        f"{path}:{number}: {line}"
        for path, text in text_files()
        for number, line in enumerate(text.splitlines(), 1)
        if CONFLICT.fullmatch(line)
    ]
    assert not left, "\n".join(left)


@pytest.mark.parametrize(
    ("line", "marker"),
    [
        *(("<" * 7 + " HEAD", True), (">" * 7 + " 4be5fc0 (Say why)", True), ("|" * 7 + " base", True)),
        *((">" * 7, True), ("=" * 7, False), ("=" * 30, False), (">" * 8 + " quoted", False), ("| a | b |", False)),
    ],
)
def test_markers_of_conflicts_are_known(line: str, marker: bool) -> None:
    assert (CONFLICT.fullmatch(line) is not None) == marker


def test_files_say_what_they_are() -> None:
    """A Python file opens with a docstring or a comment: what is here, where to change it."""
    silent = [
        str(path)
        for path, text in text_files()
        if path.suffix == ".py" and text.strip() and not text.startswith(('"""', 'r"""', "#"))
    ]
    assert not silent


def test_decisions_are_numbered_once_and_have_their_three_parts() -> None:
    """docs/decisions/NNNN-title.md: context, decision, consequences."""
    decisions = [path for path in project_files() if path.parent == Path("docs/decisions")]
    assert decisions
    numbers = [path.name[:4] for path in decisions]
    assert sorted(set(numbers)) == sorted(numbers)
    for path in decisions:
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name), path
        headings = re.findall(r"^#+ *(.*)$", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
        assert {"Context", "Decision", "Consequences"} <= set(headings), path
