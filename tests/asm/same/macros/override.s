    .globl _start
_start: nop
    .data
    .macro ret
    .byte 7
    .endm
    ret
    .macro SHOUT
    .byte 8
    .endm
    shout
    SHOUT
