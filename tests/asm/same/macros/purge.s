    .globl _start
_start: nop
    .data
    .macro nop2
    .byte 1
    .endm
    nop2
    .purgem nop2
    .macro nop2
    .byte 2
    .endm
    nop2
