    .globl _start
_start: nop
    .data
    .irp x, 1, 2, 3
    .byte \x
    .endr
    .irp x, a b
    .ascii "\x"
    .endr
    .irp x
    .ascii "[\x]"
    .endr
    .irp r, 4,5
    .irp s, 6,7
    .byte \r, \s
    .endr
    .endr
