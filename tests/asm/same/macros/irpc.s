    .globl _start
_start: nop
    .data
    .irpc c, 123
    .byte \c
    .endr
    .irpc c, abc
    .ascii "<\c>"
    .endr
