    .globl _start
_start: nop
    .data
    .macro show a, rest:vararg
    .ascii "[\a][\rest]"
    .endm
    show 1
    show 1, 2, 3 4
    show 1 2 , 3
