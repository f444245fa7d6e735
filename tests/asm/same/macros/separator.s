    .globl _start
_start: nop
    .data
    .macro make a
    x\a\()_y: .word \a\()0
    .endm
    make 1
    make 2
    .word x1_y, x2_y
