    addi a0, a1, sym                     #! 18 undefined symbol "sym"
    add a0, a1, q7                       #! 17 undefined symbol "q7" (no register has that name; did you mean "x7"?)
    lui a0, sym2                         #! 13 undefined symbol "sym2" (no register has that name; did you mean "s2"?)
    beq a0, a1, . + 3                    #! 17 the target 0x8000000f is 3 bytes away, which is not a multiple of 2
    jal . + 1                            #! 9 the target 0x80000011 is 1 bytes away, which is not a multiple of 2
    j undefined                          #! 7 undefined symbol "undefined"
    j 1f                                 #! 7 there is no label "1:" after this
    call pritnf                          #! 10 undefined symbol "pritnf"; did you mean "printf"?
    la a0, stack_tpo                     #! 12 undefined symbol "stack_tpo"; did you mean "stack_top"?
    .byte foo - bar                      #! 11 undefined symbol "foo" #! 11 undefined symbol "bar"
    .byte big                            #! 11 value 74565 (0x12345) is out of range -128..255 of 8 bits
    .half text                           #! 11 value 2149580868 (0x80200044) is out of range -32768..65535 of 16 bits
    .word a                              #! 11 the symbol is defined in terms of itself
a = b
b = a
    addi a0, a0, %pcrel_lo(5)            #! 28 %pcrel_lo must name the label of an instruction with %pcrel_hi
    lw a0, %pcrel_lo(text)(a0)           #! 22 %pcrel_lo must name the label of an instruction with %pcrel_hi
    j far                                #! 7 the target 0x80200040 is 2097156 bytes away, the instruction reaches -1048576..1048574; use call, tail or jump
    .space 0x200000
far: nop
text: nop
printf: nop
stack_top: nop
    addi a0, a0, big                     #! 18 immediate 74565 is out of range -2048..2047; use %lo(...) or la
    lui a0, text                         #! 13 immediate 2149580868 is out of range 0..1048575 (0xfffff); use %hi(...)
    lw a0, text(a0)                      #! 12 immediate -2145386428 is out of range -2048..2047; use %lo(...) or la
    slli a0, a0, big                     #! 18 immediate 74565 is out of range 0..31; use %lo(...) or la
    .equ big, 0x12345
