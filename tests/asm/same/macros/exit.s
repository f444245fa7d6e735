    .globl _start
_start: nop
    .data
    .macro part n
    .byte 1
    .if \n
    .exitm
    .endif
    .byte 2
    .endm
    part 0
    part 1
    .byte 3
