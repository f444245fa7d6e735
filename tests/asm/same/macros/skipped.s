    .globl _start
_start: nop
    .data
    .if 0
    .macro never
    .byte 1
    .endm
    .rept 5
    .byte 2
    .endr
    .endif
    .byte 3
