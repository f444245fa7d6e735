    .globl _start
_start: nop
    .data
    .byte 1,2,3
    .half 4,5
    .2byte 6
    .short 7
    .hword 8
    .word 9
    .long 10
    .int 11
    .4byte 12
    .dword 13
    .quad 14
    .8byte 15
    .octa 16
    .byte
    .word
