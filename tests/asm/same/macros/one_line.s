    .globl _start
_start: nop
    .data
    .macro q; .byte 1; .endm; q; q
    .rept 2; .byte 2; .endr
