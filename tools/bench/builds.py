"""The benchmark programs and their builds: for our machine and Spike, for qemu-riscv32, for this computer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.oracles.building import ISA, Program, cached, run_compiler
from tests.oracles.toolchain import for_target, host_compiler

HERE = Path(__file__).parent
GLUE = HERE / "glue"
RUNTIME = HERE.parents[1] / "tests" / "oracles" / "runtime"
HEADERS = (HERE / "bench.h", RUNTIME / "htif.h")
OPTIMISE = ("-O2", "-std=gnu11", "-Wall", "-Wextra")
FREESTANDING = ("-ffreestanding", "-fno-tree-loop-distribute-patterns")
"""Loops in memory.c must not become calls of the functions they define."""

ITERATIONS = {
    "aes": 900,
    "bignum": 2800,
    "branches": 15000,
    "bytecode": 200,
    "crc32": 4100,
    "filter": 3100,
    "hashing": 400,
    "heapsort": 500,
    "huffman": 390,
    "jpeg": 385,
    "life": 2100,
    "lz": 300,
    "mandelbrot": 300,
    "matmul": 380,
    "md5": 24700,
    "nqueens": 600,
    "quicksort": 920,
    "records": 344000,
    "sha256": 3700,
    "sieve": 86,
    "state_machine": 4400,
    "strings": 860,
    "tree": 655,
}
"""Units of work of a full run: each retires about 3e8 RV32IM instructions."""

QUICK = 0.01
"""The share of the work that a quick run does."""


@dataclass(frozen=True)
class Benchmark:
    """One program with an amount of work."""

    name: str
    iterations: int

    @property
    def source(self) -> Path:
        """The C file."""
        return HERE / ("hello.c" if self.name == "hello" else f"programs/{self.name}.c")

    def for_machine(self, isa: str = ISA) -> Path:
        """The bare-metal ELF file for our machine and for Spike."""
        runtime = (RUNTIME / "start.S", RUNTIME / "tohost.S", RUNTIME / "htif.c")
        sources = (*runtime, HERE / "main.c", GLUE / "machine.c", GLUE / "memory.c")
        return Program(
            name=f"bench-{self.name}",
            sources=(*sources, self.source),
            include=(HERE, RUNTIME),
            flags=(*OPTIMISE, *FREESTANDING, f"-DITERATIONS={self.iterations}u"),
            isa=isa,
            libraries=("-lgcc",),
        ).build()

    def for_linux(self, isa: str = "rv32im") -> Path:
        """The static Linux executable for qemu-riscv32; needs no C library."""
        target = for_target(isa)
        options = ["-static", "-nostdlib", "-nostartfiles", *OPTIMISE, *FREESTANDING]
        sources = (HERE / "main.c", GLUE / "linux.c", GLUE / "memory.c", self.source)
        return self._build([*target, *options], sources, "linux", ["-lgcc"])

    def for_host(self) -> Path:
        """The program for this computer: the source of the expected checksum."""
        sources = (HERE / "main.c", GLUE / "host.c", self.source)
        return self._build([str(host_compiler()), *OPTIMISE], sources, "host", [])

    def _build(self, command: list[str], sources: tuple[Path, ...], platform: str, libraries: list[str]) -> Path:
        full = [*command, f"-I{HERE}", f"-DITERATIONS={self.iterations}u", *map(str, sources), *libraries]
        content = [path.read_bytes() for path in (*HEADERS, *sources)]
        return cached(
            [*full, *content], f"bench-{self.name}-{platform}", lambda path: run_compiler([*full, "-o", str(path)])
        )


def benchmarks(names: list[str] | None = None, work: float = 1.0) -> list[Benchmark]:
    """The programs of these names (default: all) with `work` times a full run; raises ValueError for an unknown one."""
    unknown = sorted(set(names or ()) - set(ITERATIONS))
    if unknown:
        raise ValueError(f"no benchmark {', '.join(unknown)}; there are {', '.join(ITERATIONS)}")
    if not 0 < work <= 100:
        raise ValueError(f"--work {work:g} is impossible; give a factor above 0, at most 100")
    return [Benchmark(name, max(1, round(ITERATIONS[name] * work))) for name in names or ITERATIONS]
