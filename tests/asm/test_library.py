"""The start-up library: its addresses are the simulator's, and programs that use it run on Spike."""

from __future__ import annotations

import subprocess
from pathlib import Path

from asm import Source, assemble
from asm.session import LIBRARY
from iss.memory.map import MemoryMap
from tests.oracles.toolchain import require, spike_binary

HELLO = """\
    .include "crt0.inc"
    .include "memory.inc"
    .text
    .globl main
main:
    addi sp, sp, -16
    sw   ra, 12(sp)
    la   a0, text
    call puts
    .irp number, 0, 7, -1, 10, 1234567890, 2147483647, -2147483648
    li   a0, \\number
    call print_decimal
    li   a0, ' '
    call putchar
    .endr
    li   a0, 0xdeadbeef
    call print_hex
    li   a0, '\\n'
    call putchar
    lw   a0, value
    lw   a1, zeroed
    add  a0, a0, a1
    lw   ra, 12(sp)
    addi sp, sp, 16
    ret
    .section .rodata
text: .asciz "Hello: "
    .data
value: .word 7
    .bss
zeroed: .space 4
"""


def test_addresses_are_those_of_the_memory_map() -> None:
    names = assemble([LIBRARY / "memory.inc"]).names
    memory = MemoryMap()
    assert names["RAM_BASE"] == memory.ram.base
    assert names["RAM_SIZE"] == memory.ram.size
    assert names["CLINT_BASE"] == memory.clint.base
    assert names["PLIC_BASE"] == memory.plic.base
    assert names["UART_BASE"] == memory.uart.base
    assert names["EXIT_DEVICE_BASE"] == memory.exit_device.base
    assert names["BOOT_ROM_BASE"] == memory.boot_rom.base


def test_registers_are_those_of_the_devices() -> None:
    from iss.memory import clint, finisher

    names = assemble([LIBRARY / "memory.inc"]).names
    assert names["CLINT_MSIP"] - names["CLINT_BASE"] == clint.Register.MSIP
    assert names["CLINT_MTIMECMP"] - names["CLINT_BASE"] == clint.Register.MTIMECMP
    assert names["CLINT_MTIME"] - names["CLINT_BASE"] == clint.Register.MTIME
    assert names["EXIT_PASS"] == finisher.Finish.PASS
    assert names["EXIT_FAIL"] == finisher.Finish.FAIL


def test_including_twice_is_harmless() -> None:
    assemble(
        [Source("x.s", '.include "memory.inc"\n.include "memory.inc"\n.include "htif.inc"\n.include "htif.inc"\n')]
    )


def test_program_with_start_up_code_runs_on_spike(tmp_path: Path) -> None:
    spike = require(spike_binary)
    assemble([Source("hello.s", HELLO)]).save(tmp_path / "hello.elf")
    command: list[str | Path] = [spike, "--isa=rv32im_zicsr_zifencei", "-m0x80000000:0x4000000", tmp_path / "hello.elf"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "Hello: 0 7 -1 10 1234567890 2147483647 -2147483648 deadbeef\n"
    assert done.returncode == 7


def test_start_up_code_works_without_multiplication() -> None:
    from iss.isa.catalogue import architecture

    assemble([Source("hello.s", HELLO)], architecture=architecture("rv32i_zicsr"))
