    .globl _start
_start: nop
    .equ size, 0x12345
    li a0, size
    li a1, size - 0x12344
    addi a2, a2, size & 15
    lw a0, (size & 7) * 4(sp)
    slli a0, a0, size & 31
