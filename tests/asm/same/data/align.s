    .globl _start
_start: nop
    .data
    .byte 1
    .align 2
    .byte 2
    .balign 8
    .byte 3
    .p2align 4
    .byte 4
    .balign 16, 0x55
    .byte 5
    .p2align 3, 7, 2
    .byte 6
    .balign 8, , 7
    .byte 7
    .align 0
    .balign 1
    .align
