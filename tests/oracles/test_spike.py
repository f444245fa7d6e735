"""What Spike does where the documents of this directory rely on it; no simulator of ours takes part."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracles.commit_log import cut_after_exit, first_difference
from tests.oracles.elf_image import write_elf
from tests.oracles.spike import SpikeError, run_spike
from tests.oracles.toolchain import require, spike_binary

BASE, TOHOST = 0x8000_0000, 0x8000_1000
EXIT = (0x00001297, 0x00500313, 0x0062A023, 0x0000006F)
"""t0 = pc + 0x1000; t1 = 5; store t1 to t0; stand still: exit code 2 when placed at BASE."""


def program(path: Path, *words: int) -> Path:
    """An ELF file with these instruction words at BASE."""
    code = b"".join(word.to_bytes(4, "little") for word in words)
    write_elf(path, BASE, [(BASE, code), (TOHOST, bytes(16))], {"tohost": TOHOST, "fromhost": TOHOST + 8})
    return path


def test_boot_and_exit(tmp_path: Path) -> None:
    """Five boot instructions are logged first; the log ends at the store; the exit code is tohost >> 1."""
    require(spike_binary)
    result = run_spike(program(tmp_path / "exit.elf", *EXIT), log_commits=True)
    assert result.exit_code == 2
    assert result.log.splitlines() == [
        "core   0: 3 0x00001000 (0x00000297) x5  0x00001000",
        "core   0: 3 0x00001004 (0x02028593) x11 0x00001020",
        "core   0: 3 0x00001008 (0xf1402573) x10 0x00000000",
        "core   0: 3 0x0000100c (0x0182a283) x5  0x80000000 mem 0x00001018",
        "core   0: 3 0x00001010 (0x00028067)",
        "core   0: 3 0x80000000 (0x00001297) x5  0x80001000",
        "core   0: 3 0x80000004 (0x00500313) x6  0x00000005",
        "core   0: 3 0x80000008 (0x0062a023) mem 0x80001000 0x00000005",
    ]


def test_a_trap_logs_nothing(tmp_path: Path) -> None:
    """An ecall leaves no line; its effect shows only in what the handler reads."""
    require(spike_binary)
    words = (
        0x00000297,  # auipc t0, 0
        0x01028293,  # addi t0, t0, 16
        0x30529073,  # csrw mtvec, t0
        0x00000073,  # ecall
        0x34202573,  # csrr a0, mcause
        0x341025F3,  # csrr a1, mepc
        0xB02022F3,  # csrr t0, minstret
        0x00001297,  # auipc t0, 1
        0xFE428293,  # addi t0, t0, -28
        0x00100313,  # addi t1, zero, 1
        0x0062A023,  # sw t1, 0(t0)
        0x0000006F,  # j .
    )
    lines = run_spike(program(tmp_path / "ecall.elf", *words), log_commits=True).log.splitlines()
    assert lines[8:11] == [
        "core   0: 3 0x80000010 (0x34202573) x10 0x0000000b",
        "core   0: 3 0x80000014 (0x341025f3) x11 0x8000000c",
        "core   0: 3 0x80000018 (0xb02022f3) x5  0x0000000a",
    ]


def test_endless_program_is_stopped(tmp_path: Path) -> None:
    """A program without an exit raises instead of hanging the suite."""
    require(spike_binary)
    with pytest.raises(SpikeError, match=r"did not finish .* within 0\.2 s"):
        run_spike(program(tmp_path / "endless.elf", 0x0000006F), timeout=0.2)


def test_first_difference() -> None:
    """The report names the line, both texts and their disassembly."""
    same = "core   0: 3 0x80000000 (0x00000013)\n"
    left = same + "core   0: 3 0x80000004 (0x00500313) x6  0x00000005\n"
    right = same + "core   0: 3 0x80000004 (0x00500313) x6  0x00000006\n"
    assert first_difference(left, left) is None
    report = first_difference(left, right)
    assert report is not None
    assert "line 2 differs" in report
    assert "# addi t1, zero, 5" in report or "# li t1, 5" in report
    assert first_difference(left, same) is not None


def test_cut_after_exit(tmp_path: Path) -> None:
    """What follows the first store to tohost is dropped."""
    elf = program(tmp_path / "cut.elf", *EXIT)
    log = "a\ncore   0: 3 0x80000008 (0x0062a023) mem 0x80001000 0x00000005\nspin\n"
    assert cut_after_exit(log, elf) == log.removesuffix("spin\n")
    assert cut_after_exit("a\n", elf) == "a\n"
