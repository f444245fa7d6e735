    .globl _start
_start: nop
    .data
    .macro outer x
    .macro inner\x y
    .word \x, \y
    .endm
    .endm
    outer 7
    inner7 8
    outer 9
    inner9 10
