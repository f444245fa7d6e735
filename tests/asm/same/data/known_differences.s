    .globl _start
_start: nop
    .data
a: .byte 1, 2
b:
    .if b - a == 2
    .byte 3
    .endif
    .rept b - a
    .byte 4
    .endr
