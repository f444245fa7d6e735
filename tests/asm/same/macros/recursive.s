    .globl _start
_start: nop
    .data
    .macro down n
    .byte \n
    .if \n
    down "(\n - 1)"
    .endif
    .endm
    down 3
