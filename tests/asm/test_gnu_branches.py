"""Branches that do not reach become long exactly where GNU as makes them long."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from asm import Program

Same = Callable[..., Program]
HEAD = ".globl _start\n_start:\n"
BRANCHES = (
    "beq a0, a1,",
    "bne a0, a1,",
    "blt a0, a1,",
    "bge a0, a1,",
    "bltu a0, a1,",
    "bgeu a0, a1,",
    "beqz a0,",
    "bgt a0, a1,",
)


@pytest.mark.parametrize("branch", BRANCHES)
def test_at_the_end_of_the_reach(same_as_gnu: Same, branch: str) -> None:
    lines = []
    for index, distance in enumerate((4084, 4088, 4092, 4096, 4100, 8192)):
        lines += [f"{branch} f{index}", f".space {distance - 4}", f"f{index}: nop"]
        lines += [f"b{index}: nop", f".space {distance - 4}", f"{branch} b{index}"]
    same_as_gnu(HEAD + "\n".join(lines))


@pytest.mark.parametrize("seed", range(12))
def test_random_programs(same_as_gnu: Same, seed: int) -> None:
    """Many branches whose reach depends on the size of each other, with padding between."""
    source = random.Random(seed)
    count = 120
    lines: list[str] = []
    for index in range(count):
        lines.append(f"l{index}:")
        for _ in range(source.randrange(3)):
            target = min(count - 1, max(0, index + source.randrange(-16, 17)))
            lines.append(f"{source.choice(BRANCHES)} l{target}")
        kind = source.randrange(6)
        if kind == 0:
            lines.append(f".balign {source.choice([8, 16, 32, 64, 128])}")
        elif kind == 1:
            lines.append(f".space {4 * source.randrange(200)}")
        lines += ["nop"] * source.randrange(120)
    same_as_gnu(HEAD + "\n".join(lines))


@pytest.mark.parametrize("seed", range(6))
def test_near_the_limit(same_as_gnu: Same, seed: int) -> None:
    """Chains of branches just at the end of their reach: whether one is long decides about the next."""
    source = random.Random(100 + seed)
    lines = []
    for index in range(40):
        lines.append(f"l{index}: {source.choice(BRANCHES)} l{min(39, index + 8)}")
        lines.append(f"{source.choice(BRANCHES)} l{max(0, index - 8)}")
        lines.append(f".space {500 + 4 * source.randrange(-2, 3)}")
    same_as_gnu(HEAD + "\n".join(lines) + "\nnop\n")


def test_other_sections_and_sources(same_as_gnu: Same) -> None:
    same_as_gnu(
        HEAD + "beq a0, a1, other\nbnez a0, elsewhere\nbeqz a0, weak\n"
        '.weak weak\nweak: nop\n.section .text.other, "ax"\nother: nop\nbltz a0, _start\n',
        ".globl elsewhere\nelsewhere: bne a0, a1, elsewhere\nbeq a0, a1, _start\n",
    )


def test_differences_over_branches(same_as_gnu: Same) -> None:
    same_as_gnu(
        HEAD + "a: beq a0, a1, far\nb: bne a0, a1, a\n.space 4096\nfar: nop\n.data\n.word b - a, far - a\n.byte 1\n"
    )
