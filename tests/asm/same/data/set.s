    .globl _start
_start: nop
    .data
    .set a, 1
    .equ b, a + 1
c = b * 2
    .word a, b, c
    .globl c
    .type a, @object
    .size a, 4
