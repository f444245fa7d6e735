"""The C coprocessor under AddressSanitizer and UBSan, fed with random and mutated memory images."""

from __future__ import annotations

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.coprocessor.implementations import EFFORT

COPROCESSOR = Path(__file__).resolve().parents[2] / "coprocessor"
FUZZ = COPROCESSOR / "fuzz"
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Werror")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
COVERAGE = "-fsanitize=fuzzer-no-link"
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


def test_seeded_cases(compiler: str, objects: list[str], tmp_path: Path) -> None:
    """Mostly valid networks, mutated: no sanitizer report and no broken rule."""
    program, main = str(tmp_path / "engine_fuzz"), str(FUZZ / "seeded_main.c")
    subprocess.run([compiler, *FLAGS, "-o", program, main, *objects], check=True)
    run = subprocess.run([program, "1", str(4000 * EFFORT)], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, f"{4000 * EFFORT} cases from seed 1\n"), run.stderr[-4000:]


def test_coverage_guided_cases(compiler: str, objects: list[str], tmp_path: Path) -> None:
    """libFuzzer from an empty corpus."""
    if compiler != "clang":
        pytest.skip("no clang, and so no libFuzzer")
    program = str(tmp_path / "engine_libfuzzer")
    subprocess.run([compiler, *SANITIZERS, "-fsanitize=fuzzer", "-o", program, *objects], check=True)
    options = [f"-runs={5000 * EFFORT}", "-max_len=4000", "-seed=1", f"-artifact_prefix={tmp_path}/"]
    run = subprocess.run([program, *options], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
