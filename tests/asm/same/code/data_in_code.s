    .globl _start
_start: nop
    j 1f
    .word 1, 2, 3
    .ascii "abcd"
1: nop
    .half 5
    .half 6
    nop
