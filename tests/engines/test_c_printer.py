"""Random meanings printed as C, compiled once as a batch and compared with Python, under UndefinedBehaviorSanitizer."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from iss.engines.c_bodies import function_body
from iss.engines.c_expressions import c_type, literal
from iss.engines.generate import TEMPLATE
from iss.isa.state import HART_FIELDS
from iss.isa.tracing import AbstractHart, Trace, trace_function
from tests.effort import LONG
from tests.isa.random_meanings import MASK64, Meaning, random_meaning

FUNCTIONS, ROWS = (3000, 100) if LONG else (150, 40)
SANITIZERS = ("-fsanitize=undefined", "-fno-sanitize-recover=all")
COMPILERS = {
    "gcc": ("-O2", "-w"),
    "clang": ("-O1", "-Wconversion", "-Wsign-compare", "-Wno-tautological-compare", "-Werror"),
}
"""Not all warnings: random meanings are rightly called odd, and gcc is wrong about some conversions."""


def helpers() -> str:
    """The arithmetic helpers of the interpreter's template."""
    text = TEMPLATE.read_text(encoding="utf-8")
    return text[text.index("static inline int64_t nh_signed") : text.index("/* Retire what acc")]


def c_function(meaning: Meaning, name: str) -> str:
    """The meaning as a C function that leaves the low 64 bits of its result in mcycle."""

    def run(trace: Trace) -> None:
        AbstractHart(trace).mcycle = meaning.run_traced(trace) & MASK64

    names = [f"a{index}" for index in range(len(meaning.operands))]
    kinds = [c_type(low, high) for low, high in meaning.operands]
    body = function_body(trace_function(run, name), {operand: operand for operand in names})
    parameters = ", ".join(f"{kind} {operand}" for kind, operand in zip(kinds, names, strict=True))
    arguments = ", ".join(f"({kind})in[{index}]" for index, kind in enumerate(kinds))
    unused = "".join(f"    (void){operand};\n" for operand in names)
    return (
        f"static uint32_t {name}(state *s, {parameters})\n{{\n{unused}{body}\n}}\n"
        f"static void call_{name}(state *s, const uint64_t *in)\n{{\n    {name}(s, {arguments});\n}}\n"
    )


def program(meanings: list[Meaning]) -> str:
    """A C program that reads (function, three operands) records and writes results."""
    fields = "".join(f"uint{32 if bits <= 32 else 64}_t {name}; " for name, bits in HART_FIELDS.items())
    functions = "\n".join(c_function(meaning, f"f{index}") for index, meaning in enumerate(meanings))
    table = ", ".join(f"call_f{index}" for index in range(len(meanings)))
    return f"""
#include <stdint.h>
#include <stdio.h>
typedef struct {{ {fields} }} state;
{helpers()}
{functions}
static void (*const TABLE[])(state *, const uint64_t *) = {{ {table} }};
int main(void)
{{
    uint64_t in[4];
    state s;
    while (fread(in, sizeof in, 1, stdin) == 1) {{
        TABLE[in[0]](&s, in + 1);
        fwrite(&s.mcycle, sizeof s.mcycle, 1, stdout);
    }}
    return 0;
}}
"""


@pytest.mark.parametrize("compiler", COMPILERS)
def test_random_meanings(compiler: str, tmp_path: Path) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is missing; run: apt-get install {compiler}")
    source = random.Random(compiler)
    meanings = [random_meaning(source, source.randint(1, 10)) for _ in range(FUNCTIONS)]
    text, binary = tmp_path / "meanings.c", tmp_path / "meanings"
    text.write_text(program(meanings))
    command = [compiler, "-std=gnu11", *COMPILERS[compiler], *SANITIZERS, "-o", str(binary), str(text)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:4000]
    rows = [(index, meaning.random_operands(source)) for index, meaning in enumerate(meanings) for _ in range(ROWS)]
    given = b"".join(
        struct.pack("<4Q", index, *[operand & MASK64 for operand in (*operands, 0, 0, 0)][:3])
        for index, operands in rows
    )
    run = subprocess.run([binary], input=given, capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode()[:4000]
    found = [value for (value,) in struct.iter_unpack("<Q", run.stdout)]
    for (index, operands), value in zip(rows, found, strict=True):
        expected = int(meanings[index].run(operands)) & MASK64
        assert value == expected, (meanings[index], operands, hex(value), hex(expected))


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (0, None, "0u"),
        (1023, None, "1023u"),
        (1024, None, "0x400u"),
        (-1, None, "(-1)"),
        (-1, "int64_t", "INT64_C(-1)"),
        (-(1 << 31), None, "(-2147483647 - 1)"),
        (-(1 << 63), None, "INT64_MIN"),
        (1 << 32, None, "INT64_C(4294967296)"),
        (1 << 63, None, "UINT64_C(0x8000000000000000)"),
        (5, "uint64_t", "UINT64_C(0x5)"),
    ],
)
def test_literals(value: int, kind: str | None, expected: str) -> None:
    found = literal(value, kind)
    assert found in (expected, "(-2147483648)")


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [
        (0, 1, "uint32_t"),
        (0, 0xFFFF_FFFF, "uint32_t"),
        (-1, 1, "int32_t"),
        (-(1 << 31), (1 << 31) - 1, "int32_t"),
        (-1, 1 << 31, "int64_t"),
        (0, 1 << 32, "int64_t"),
        (0, 1 << 63, "uint64_t"),
        (-1, 1 << 63, None),
    ],
)
def test_types(low: int, high: int, kind: str | None) -> None:
    assert c_type(low, high) == kind
