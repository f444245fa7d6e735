"""Documents tell the truth: links lead somewhere, commands and options exist, tours run with the output they show."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from coprocessor.energy import PRESETS
from iss.cli.main import COMMANDS, main
from iss.cli.parsing import Parser
from tests.architecture.documents import blocks, commands, copy_checkout, run_page
from tests.architecture.repository import ROOT, project_files
from tests.oracles.toolchain import cross_compiler, require, spike_binary
from tools.docs.pictures import PICTURES

PAGES = [path for path in project_files() if path.suffix == ".md"]
_LINK = re.compile(r"(?<!\\)\[[^\]\n]*\]\((?P<target>[^)\s]+)\)|<img [^>]*src=\"(?P<image>[^\"]+)\"")
_OVERVIEW = {"--help", "--version", "help"}
COMPILE = f"{sys.executable} -c 'from iss.engines.build_interpreter import ffibuilder as f; f.compile()' > compile.log"


def _anchor(heading: str) -> str:
    """The anchor that a heading gets on the usual viewers."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    """Files exist and headings too; addresses on the network are not asked."""
    for found in _LINK.finditer(_without_code((ROOT / page).read_text(encoding="utf-8"))):
        target = found["target"] or found["image"]
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (ROOT / page.parent / name).resolve() if name else ROOT / page
        assert path.exists(), f"{page}: {target}"
        if anchor:
            headings = re.findall(r"^#+ +(.*)$", _without_code(path.read_text(encoding="utf-8")), re.MULTILINE)
            assert anchor in map(_anchor, headings), f"{page}: {target}"


def test_every_document_is_found_from_the_index() -> None:
    """A page that nothing links to is not read."""
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    linked = {(ROOT / "docs" / target).resolve() for target in re.findall(r"\]\(([^)#\s]+)\)", index)}
    assert not [
        str(page) for page in PAGES if page.parts[0] == "docs" and ROOT / page not in {*linked, ROOT / "docs/index.md"}
    ]


def _shown_commands() -> Iterator[tuple[str, str]]:
    """Every line of a page's code that starts with one of our commands, with where it stands."""
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            found = re.match(r"(?: {4}|\$ )(neurohart|make)( .*)?$", line)
            if found:
                yield f"{page}:{number}", line.strip().removeprefix("$ ")


@pytest.mark.parametrize(("where", "line"), list(_shown_commands()))
def test_shown_commands_exist(where: str, line: str) -> None:
    """Sub-commands, options and make targets that a page shows are there."""
    line = re.sub(r"\s#.*", "", line)
    for command in re.split(r"\s*(?:&&|;|\|)\s*", line):
        words = command.split()
        if words[0] == "make":
            targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
            assert set(words[1:2]) <= set(targets), where
        elif words[0] == "neurohart" and words[1] not in _OVERVIEW:
            assert words[1] in COMMANDS, where
            module = import_module(COMMANDS[words[1]])
            if hasattr(module, "COMMANDS"):  # with sub-commands of its own
                assert words[2] in module.COMMANDS, where
                module = import_module(module.COMMANDS[words[2]])
            parser = Parser(f"neurohart {words[1]}")
            module.add_arguments(parser)
            options = {word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)}
            known = {option for action in parser._actions for option in action.option_strings}
            assert options <= known, f"{where}: {options - known}"


def test_the_tour_of_the_readme_runs(tmp_path: Path) -> None:
    """Everything the README shows, in a directory that has nothing but the programs."""
    require(spike_binary)
    (tmp_path / "programs").symlink_to(ROOT / "programs")
    page = ROOT / "README.md"
    assert sum(1 for block in blocks(page) for _ in commands(block) if block.language == "console") > 5
    run_page(page, tmp_path, {"PYTHONPATH": str(ROOT)}, {})


@pytest.mark.parametrize("page", ["energy.md", "debugger.md", "profile.md", "coverage.md", "plots.md"])
def test_pages_show_what_is_printed(page: str, tmp_path: Path) -> None:
    if page == "plots.md":
        pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    (tmp_path / "programs").symlink_to(ROOT / "programs")
    run_page(ROOT / "docs" / page, tmp_path, {"PYTHONPATH": str(ROOT)}, {})


def test_the_page_of_traces_shows_what_is_printed(tmp_path: Path) -> None:
    (tmp_path / "programs").symlink_to(ROOT / "programs")
    run_page(ROOT / "docs" / "traces.md", tmp_path, {"PYTHONPATH": str(ROOT)}, {})


def test_the_page_of_the_firmware_library_does_what_it_says(tmp_path: Path) -> None:
    """In assembly, and in C with the compiler that the page names."""
    require(cross_compiler)
    run_page(ROOT / "docs" / "firmware-library.md", tmp_path, {"PYTHONPATH": str(ROOT)}, {})


@pytest.mark.parametrize("name", PRESETS)
def test_the_energy_page_has_the_figures_of_the_presets(name: str) -> None:
    text = (ROOT / "docs" / "energy.md").read_text(encoding="utf-8").replace("**", "")
    figures = [str(value) for value in vars(PRESETS[name]).values() if isinstance(value, int)]
    assert f"| `{name}` | {' | '.join(figures)} |" in text


def test_adding_an_instruction_works_as_described(tmp_path: Path) -> None:
    """The page is carried out in a copy of the checkout; only `make build` is shortened to compiling."""
    copy_checkout(tmp_path)
    run_page(ROOT / "docs" / "add-an-instruction.md", tmp_path, {"PYTHONPATH": str(tmp_path)}, {"make build": COMPILE})


def _texts(svg: str) -> list[str]:
    """The texts of a picture, without positions and colours; where they are drawn as paths, a comment has each."""
    return re.findall(r"<!-- (.*?) -->", svg) + [
        html.unescape(text).replace("\xa0", " ") for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    ]


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_show_what_a_run_gives(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails because something was improved, `make docs` makes the pictures again."""
    if name == "spikes.svg":
        pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    file = tmp_path / name
    assert main([word.format(file=file) for word in PICTURES[name]]) == 0
    capsys.readouterr()
    shown = (ROOT / "docs" / "pictures" / name).read_text(encoding="utf-8")
    assert len(_texts(shown)) > 5
    assert _texts(shown) == _texts(file.read_text(encoding="utf-8"))
    assert "url(http" not in shown
