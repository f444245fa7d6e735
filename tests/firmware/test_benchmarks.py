"""The benchmark programs, with little work, compute on our machine what they compute on this computer and on QEMU."""

from __future__ import annotations

import sys

import pytest

from tests.oracles.neurohart import run_neurohart
from tests.oracles.toolchain import cross_compiler, host_compiler, qemu_user, require
from tools.bench.builds import ITERATIONS, Benchmark, benchmarks
from tools.bench.errors import WrongResult
from tools.bench.peers import HOST, QEMU, Peer, measure, run
from tools.bench.simulator import geometric_mean, ratios

WORK = 500
"""Fraction of a full run: about 6e5 instructions each."""


@pytest.mark.parametrize("name", ITERATIONS)
def test_checksum(name: str) -> None:
    """One line with the checksum, the same everywhere."""
    require(cross_compiler)
    require(host_compiler)
    benchmark = Benchmark(name, max(1, ITERATIONS[name] // WORK))
    expected = run(HOST.command(benchmark)).output
    result = run_neurohart(benchmark.for_machine(), "interpreter")
    assert (result.exit_code, result.output) == (0, expected)


@pytest.mark.parametrize("name", ITERATIONS)
def test_checksum_on_linux(name: str) -> None:
    """The build for qemu-riscv32 is the same program."""
    require(cross_compiler)
    require(host_compiler)
    require(qemu_user)
    benchmark = Benchmark(name, max(1, ITERATIONS[name] // WORK))
    assert run(QEMU.command(benchmark)).output == run(HOST.command(benchmark)).output


def test_unknown_benchmark() -> None:
    """The message names what there is."""
    with pytest.raises(ValueError, match=r"no benchmark fibonacci; there are aes, "):
        benchmarks(["fibonacci"])


def test_work() -> None:
    """The work is scaled, to at least one unit; nonsense is refused."""
    assert [item.iterations for item in benchmarks(["records", "sieve"], 0.01)] == [3440, 1]
    with pytest.raises(ValueError, match="--work 0 is impossible"):
        benchmarks(work=0)


def test_wrong_results_are_refused() -> None:
    """A figure never comes from a run that failed or printed something else."""
    hello = Peer("hello", lambda benchmark: [sys.executable, "-c", "print('hello')"])
    benchmark = Benchmark("crc32", 1)
    assert measure(hello, benchmark, "hello\n").cpu > 0
    with pytest.raises(WrongResult, match=r"hello computes 'hello\\n' for crc32, not 'other'"):
        measure(hello, benchmark, "other")
    with pytest.raises(WrongResult, match="ended with exit code 3: sorry"):
        run([sys.executable, "-c", "import sys; print('sorry', file=sys.stderr); sys.exit(3)"])


def test_ratios() -> None:
    """Half the time is twice as fast."""
    figures = {"a": {"us": 1.0, "them": 2.0}, "b": {"us": 1.0, "them": 8.0}}
    assert ratios(figures, "us", "them") == {"a": 2.0, "b": 8.0}
    assert geometric_mean(ratios(figures, "us", "them")) == pytest.approx(4.0)
