"""The C coprocessor under AddressSanitizer and UBSan, fed with random and mutated memory images."""

from __future__ import annotations

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from coprocessor.interface import Operation
from tests.coprocessor.fuzz_case import Case
from tests.coprocessor.implementations import LEVELS
from tests.effort import EFFORT

COPROCESSOR = Path(__file__).resolve().parents[2] / "coprocessor"
FUZZ = COPROCESSOR / "fuzz"
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Werror")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
COVERAGE = "-fsanitize=fuzzer-no-link"
CORPUS, LONGEST = 200, 17_000
"""Seeded cases that libFuzzer begins with, and the bytes of the longest."""
ENGINE_REACHED = 3000
"""Edges that a run into the engine covers; 85 are what one gets that finds no descriptor."""
LONG_RUN = 8
"""Steps beyond which networks are done several steps at once, if they can be."""
FLAGS = ("-std=c11", "-g1", *WARNINGS, *SANITIZERS, f"-I{COPROCESSOR / 'include'}")


@pytest.fixture(scope="module")
def compiler() -> str:
    """clang, which has libFuzzer, or else gcc."""
    for name in ("clang", "gcc"):
        if shutil.which(name):
            return name
    pytest.skip("no clang or gcc")


@pytest.fixture(scope="module")
def objects(compiler: str, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The coprocessor and engine_fuzz.c, compiled once for all programs."""
    directory = tmp_path_factory.mktemp("objects")
    coverage = [COVERAGE] if compiler == "clang" else []

    def compiled(source: Path) -> str:
        target = str(directory / f"{source.stem}.o")
        effort = "-O0" if source.stem.startswith("simd_") else "-O1"  # optimising instrumented vectors takes minutes
        subprocess.run([compiler, *FLAGS, *coverage, effort, "-c", "-o", target, str(source)], check=True)
        return target

    with ThreadPoolExecutor() as threads:
        return list(threads.map(compiled, [*sorted((COPROCESSOR / "src").glob("*.c")), FUZZ / "engine_fuzz.c"]))


@pytest.fixture(scope="module")
def seeded(compiler: str, objects: list[str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The program of the sources seeded_*.c."""
    program, sources = str(tmp_path_factory.mktemp("seeded") / "engine_fuzz"), sorted(map(str, FUZZ.glob("seeded_*.c")))
    subprocess.run([compiler, *FLAGS, "-o", program, *sources, *objects], check=True)
    return program


def test_seeded_cases(seeded: str) -> None:
    """Mostly valid networks, mutated: no sanitizer report and no broken rule."""
    run = subprocess.run([seeded, "1", str(4000 * EFFORT)], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, f"{4000 * EFFORT} cases from seed 1\n"), run.stderr[-4000:]


@pytest.mark.parametrize("level", LEVELS)
def test_cases_against_the_golden_model(seeded: str, tmp_path: Path, level: str) -> None:
    """Issue by issue, chains of many steps among them: everything visible and all of RAM are what the model has."""
    count = 12 * EFFORT
    first = str(1 + count * list(LEVELS).index(level))
    subprocess.run([seeded, first, str(count), str(tmp_path)], check=True, stdout=subprocess.DEVNULL)
    longest = 0
    for path in tmp_path.iterdir():
        for command, pair in Case.read(path.read_bytes()).play(level):
            if command.operation is Operation.RUN and pair.native.unit.result == 0:
                longest = max(longest, command.rs2 % command.steps)
    assert longest > LONG_RUN


def test_cases_are_written_or_it_is_said(seeded: str, tmp_path: Path) -> None:
    for directory, code in ((tmp_path, 0), (tmp_path / "none", 1)):
        run = subprocess.run([seeded, "7", "2", str(directory)], capture_output=True, text=True, check=False)
        assert run.returncode == code
    assert "cannot write case 7 to" in run.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["seed-7", "seed-8"]


def test_coverage_guided_cases(compiler: str, objects: list[str], seeded: str, tmp_path: Path) -> None:
    """libFuzzer from seeded cases on: without them it finds no valid descriptor."""
    if compiler != "clang":
        pytest.skip("no clang, and so no libFuzzer")
    program, corpus = str(tmp_path / "engine_libfuzzer"), tmp_path / "corpus"
    corpus.mkdir()
    subprocess.run([seeded, "1", str(CORPUS), str(corpus)], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([compiler, *SANITIZERS, "-fsanitize=fuzzer", "-o", program, *objects], check=True)
    options = [f"-runs={4000 * EFFORT}", f"-max_len={LONGEST}", "-seed=1", f"-artifact_prefix={tmp_path}/"]
    run = subprocess.run([program, *options, str(corpus)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
    assert int(re.findall(r"cov: (\d+)", run.stderr)[-1]) > ENGINE_REACHED, run.stderr[-4000:]
