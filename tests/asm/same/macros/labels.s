    .globl _start
_start: nop
    .data
    .macro loop n
1: .byte \n
    .word 1b - 1b
    .endm
x: loop 1
y: loop 2
    .word 1b - x
