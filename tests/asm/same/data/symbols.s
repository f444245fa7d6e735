    .globl _start
_start: nop
    .data
f: .word 1
    .type f, @function
    .type f, %function
    .type f, STT_OBJECT
    .size f, . - f
    .hidden f
    .protected f
    .weak f
    .word f
    .local q
q: .word q
