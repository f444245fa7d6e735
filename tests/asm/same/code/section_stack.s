    .globl _start
_start: nop
    .section .data
    .byte 1
    .previous
    nop
    .pushsection .rodata
    .byte 2
    .pushsection .data
    .byte 3
    .popsection
    .byte 4
    .popsection
    nop
    .previous
    .byte 9
    .pushsection .data, 1
    .byte 5
    .popsection
