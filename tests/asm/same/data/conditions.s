    .globl _start
_start: nop
    .data
    .if 1
    .byte 1
    .else
    .byte 2
    .endif
    .if 0
    .byte 3
    .elseif 1
    .byte 4
    .else
    .byte 5
    .endif
    .ifdef x
    .byte 6
    .endif
    .ifndef x
    .byte 7
    .endif
x = 1
    .ifdef x
    .byte 8
    .endif
    .ifeq 0
    .byte 9
    .endif
    .ifne 0
    .byte 10
    .endif
    .ifgt 1
    .byte 11
    .endif
    .iflt -1
    .byte 12
    .endif
    .ifge 0
    .byte 13
    .endif
    .ifle 0
    .byte 14
    .endif
    .if 0
    .if 1
    .byte 15
    .else
    .byte 16
    .endif
    .elseif 0
    .else
    .byte 17
    .endif
    .ifeqs "a", "a"
    .byte 18
    .endif
    .ifnes "a", "b"
    .byte 19
    .endif
    .ifc a b, a b
    .byte 20
    .endif
    .ifnc a, b
    .byte 21
    .endif
    .ifb
    .byte 22
    .endif
    .ifnb x
    .byte 23
    .endif
    .ifnotdef x
    .byte 24
    .endif
