    .globl _start
_start: nop
    .data
    .bss
    .space 3
x: .zero 5
    .align 4
y: .skip 100
    .word 0
    .data
    .word x, y
