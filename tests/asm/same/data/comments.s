    .globl _start
_start: nop
    .data
    .byte 1 # one
/* two */ .byte 2 /* three
     .byte 9
*/, 3
/* a
b */ .byte 7 /* c
    d */ ; .byte 8
# .byte 4
    .byte /* here */ 5
    .ascii "/*" # */
    .byte 6
