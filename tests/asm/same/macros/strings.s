    .globl _start
_start: nop
    .data
    .macro say text
    .ascii "\text\n"
    .endm
    say hello
    say "two words"
    say "a, b"
