    .globl _start
_start: nop
    .data
    .byte 1
    .comm a, 6
    .lcomm f, 1
    .lcomm g, 5
    .lcomm h, 2
    .lcomm i, 8
    .local j
    .comm j, 6
    .local k
    .comm k, 4, 8
    .word a
