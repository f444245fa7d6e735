    .globl _start
_start: nop
    .data
    .macro show a:req, b=4
    .ascii "[\a][\b]"
    .endm
    show 1
    show 1, 2
