    .globl _start
_start: nop
    .data
    .macro show a=1, b=two, c
    .ascii "[\a][\b][\c]"
    .endm
    show
    show 5
    show , , 7
    show c=9
