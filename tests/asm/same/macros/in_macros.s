    .globl _start
_start: nop
    .data
    .macro table n
    .rept \n
    .byte \n
    .endr
    .irp x, 1, \n
    .byte \x
    .endr
    .endm
    table 3
