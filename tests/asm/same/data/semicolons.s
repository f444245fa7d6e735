    .globl _start
_start: nop
    .data
    .byte 1; .byte 2 ; x: .byte 3;; .ascii ";"; .byte ';
    .byte 4;
