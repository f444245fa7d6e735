    .globl _start
_start: nop
    .data
    .macro show a b c
    .ascii "[\a][\b][\c]"
    .endm
    show x -1
    show x - 1 y
    show x 2
    show (x) 2
    show "a b" c d
    show %lo(x)(a0) c, d
    show 4(a0), c
    show ,,d
    show
    show a,b,c
    show a , b , c
    show (1 + 2), (3)
    show 1+2 3
    show a=1 b=2
    show c=3, a=1
    show x y
