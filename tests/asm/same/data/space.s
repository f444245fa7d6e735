    .globl _start
_start: nop
    .data
    .space 3
    .byte 1
    .skip 4, 0xff
    .zero 5
    .byte 2
    .fill 3
    .fill 2, 2, 0x1234
    .fill 2,3,0x12345678
    .fill 1,8,-1
    .space 5000, 7
    .byte 3
