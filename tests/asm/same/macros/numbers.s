    .globl _start
_start: nop
    .data
    .macro each first, rest:vararg
    .word \first
    .ifnb \rest
    each \rest
    .endif
    .endm
    each 1, 2, 3, 4, 5
