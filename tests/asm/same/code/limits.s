    .globl _start
_start: nop
    nop
    .p2align 4, , 8
    nop
    .p2align 4, , 11
    nop
    .balign 16, 0, 12
    nop
