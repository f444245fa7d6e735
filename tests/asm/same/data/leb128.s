    .globl _start
_start: nop
    .data
    .uleb128 0
    .uleb128 127
    .uleb128 128
    .uleb128 16384
    .sleb128 -1
    .sleb128 63
    .sleb128 64
    .sleb128 -64
    .sleb128 -65
a: .space 200
b: .byte 1
