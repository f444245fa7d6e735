    .globl _start
_start: nop
    nop
    .align 4
    nop
