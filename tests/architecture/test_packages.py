"""What is installed: the wheel and the source distribution, built from the checkout as it is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.architecture.documents import copy_checkout
from tests.architecture.repository import ROOT

PACKAGES = {"asm", "coprocessor", "iss"}
COMPILED = {"coprocessor/_native.abi3.so", "iss/engines/_interpreter.abi3.so"}
DATA = {
    "asm/lib/crt0.inc",
    "coprocessor/include/neurohart/coprocessor.h",
    "coprocessor/py.typed",
    "iss/engines/interpreter_decoder.c",
    "iss/engines/interpreter_memory.c",
    "iss/engines/interpreter_template.c",
    "iss/py.typed",
    "iss/trace/formats/flamegraph.js",
}


def _run(arguments: Sequence[str], directory: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=directory,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout with nothing built, so that the source distribution and the wheel show what they carry."""
    directory = tmp_path_factory.mktemp("checkout")
    copy_checkout(directory)
    for stray in directory.rglob("*.so"):
        stray.unlink()
    (directory / "iss" / "engines" / "_interpreter.c").write_text("left behind by a build\n", encoding="utf-8")
    return directory


def _sources(checkout: Path) -> set[str]:
    """Every module of the packages."""
    return {str(path.relative_to(checkout)) for package in PACKAGES for path in (checkout / package).rglob("*.py")}


def test_wheel_holds_exactly_the_packages_and_runs(checkout: Path, tmp_path: Path) -> None:
    """Built, looked into, unpacked elsewhere, and run from there."""
    offline = ["--no-build-isolation", "--no-deps", "--disable-pip-version-check", "--quiet"]
    _run(["-m", "pip", "wheel", *offline, "--wheel-dir", str(tmp_path), "."], checkout)
    (wheel,) = tmp_path.glob("*.whl")
    assert "-cp311-abi3-" in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "installed")
    metadata = {name for name in names if ".dist-info/" in name}
    contents = names - metadata
    assert {name.split("/")[0] for name in contents} == PACKAGES
    assert contents >= DATA | COMPILED
    assert {name for name in contents if name.endswith(".py")} == _sources(checkout)
    carried = re.compile(
        r".*\.py|.*/py\.typed|asm/lib/\w+\.inc|coprocessor/include/neurohart/\w+\.h|coprocessor/src/\w+\.[ch]"
        r"|iss/\w+/[a-z]\w+\.c|iss/trace/formats/\w+\.js|iss/extension/encodings/\w+\.toml|iss/extension/rtl/\w+\.(v|cpp)"
    )
    assert not [name for name in contents - COMPILED if not carried.fullmatch(name)]
    entry_points = next(name for name in metadata if name.endswith("entry_points.txt"))
    assert "neurohart = iss.cli.main:main" in (tmp_path / "installed" / entry_points).read_text(encoding="utf-8")

    where = "import asm, coprocessor, iss; print(asm.__file__, coprocessor.__file__, iss.__file__)"
    installed = str(tmp_path / "installed")
    assert all(path.startswith(installed) for path in _run(["-c", where], tmp_path, PYTHONPATH=installed).split())
    for program in ("hello", "digits"):
        command = [
            "-m",
            "iss",
            "run",
            "--engine",
            "interpreter",
            "--check",
            "--quiet",
            str(ROOT / "programs" / program),
        ]
        _run(command, tmp_path, PYTHONPATH=installed)


def test_source_distribution_is_complete(checkout: Path, tmp_path: Path) -> None:
    """It holds all sources of the packages and of the build, and no generated or compiled file."""
    _run(["-m", "build", "--sdist", "--no-isolation", "--outdir", str(tmp_path), "."], checkout)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as members:
        names = {name.partition("/")[2] for name in members.getnames()}
    assert names >= _sources(checkout) | DATA
    assert {"pyproject.toml", "setup.py", "README.md", "LICENSE"} <= names
    assert names >= {str(path.relative_to(checkout)) for path in (checkout / "coprocessor" / "src").glob("*.[ch]")}
    assert not [name for name in names if name.endswith((".so", ".o", ".pyc"))]
    assert "iss/engines/_interpreter.c" not in names
