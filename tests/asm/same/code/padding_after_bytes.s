    .globl _start
_start: nop
    .byte 1
    .align 3
    nop
    .half 1
    .align 4
    nop
    .byte 1, 2, 3
    .align 5
    nop
