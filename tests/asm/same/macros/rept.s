    .globl _start
_start: nop
    .data
    .rept 3
    .byte 1
    .rept 2
    .byte 2
    .endr
    .endr
    .rept 0
    .byte 9
    .endr
n = 0
    .rept 5
    .byte n
n = n + 1
    .endr
