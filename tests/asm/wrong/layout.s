    .space . - elsewhere                 #! 12 the value must be a number that does not depend on where the program is placed
    .byte 1
    nop
    .balign 4
    .org elsewhere                       #! 10 the new position must be a number or a label of this section
    .org 2                               #! 10 .org would move back by 6 bytes
    .space 1 / (here - elsewhere2)       #! 12 the value must be a number that does not depend on where the program is placed
here:
    .space (here - later) * 2            #! 12 the size depends on itself and never settles
    beq a0, a1, later
later:
    .data
elsewhere2:
elsewhere:
    .uleb128 elsewhere                   #! 14 the value must be a number that does not depend on where the program is placed
    .uleb128 one - two                   #! 14 the value -1 is negative, expected an unsigned number
one: .byte 1
two:
