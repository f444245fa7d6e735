    .globl _start
_start: nop
    .data
    .macro a x
    .byte \x
    .endm
    .macro b x, y
    a \x
    a \y
    .endm
    b 1, 2
    .macro c
    b 3, 4
    b 5, 6
    .endm
    c
