    .globl _start
_start: nop
    .data
    .macro pick n
    .if \n == 1
    .byte 1
    .elseif \n == 2
    .byte 2
    .else
    .byte 3
    .endif
    .endm
    pick 1
    pick 2
    pick 3
