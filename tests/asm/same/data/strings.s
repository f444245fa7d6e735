    .globl _start
_start: nop
    .data
    .ascii "a", "b"
    .asciz "c", "d"
    .string "e" "f"
    .ascii "\n\t\r\b\f\\\"\101\x41\1234\0"
    .string16 "wide"
    .string32 "wider"
    .string8 "narrow"
    .ascii ""
    .string ""
    .ascii "# not ; a // comment /* x */"
