    .globl _start
_start: nop
    .data
    .byte 1
    .end
    .byte 2
    nonsense here
