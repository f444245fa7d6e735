    .globl _start
_start: nop
    .data
    .half 1
    .balignw 8, 0x1234
    .half 1
    .p2alignw 3, 0x1234
    .word 1
    .balignl 16, 0x12345678
    .byte 9
