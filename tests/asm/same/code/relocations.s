    .globl _start
_start: nop
    lui a0, %hi(d)
    addi a0, a0, %lo(d)
    lw a0, %lo(d + 4)(a0)
    sw a0, %lo(d)(a1)
1: auipc a0, %pcrel_hi(d + 2044)
    addi a0, a0, %pcrel_lo(1b)
    lw a1, %pcrel_lo(1b)(a0)
    sw a1, %pcrel_lo(1b)(a0)
    lui a1, %hi(0x12345fff)
    addi a1, a1, %lo(0x12345fff)
    lui a0, %hi(-1)
    .data
    .space 2040
d: .word 1
