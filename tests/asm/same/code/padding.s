    .globl _start
_start: nop
    nop
    .align 4
    nop
    .balign 32
    nop
    .p2align 3
    ret
    .align 6
    nop
