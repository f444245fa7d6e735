    .globl _start
_start: nop
    .text 2
    li a0, 2
    .text 1
    li a0, 1
    .text
    li a0, 0
    .subsection 2
    li a0, 3
    .data 1
    .byte 1
    .data 0
    .byte 2
    .text
    la a0, x
    .data 1
x: .byte 3
