    .globl _start
_start: nop
    .data
    .byte 1
    .org 8
    .byte 2
    .org 20, 0xff
    .byte 3
x: .org x + 8
    .byte 4
. = . + 3
    .byte 5
