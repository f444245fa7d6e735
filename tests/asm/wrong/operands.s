    addd a0, a1, a2                      #! 5 unknown mnemonic "addd"; did you mean "add"?
    ADDD a0, a1, a2                      #! 5 unknown mnemonic "ADDD"; did you mean "add"?
    add a0, a1                           #! 5 "add" takes 3 operands, found 2; expected "add rd, rs1, rs2" or "add rd, rs, imm"
    add a0, a1, a2, a3                   #! 5 "add" takes 3 operands, found 4; expected "add rd, rs1, rs2" or "add rd, rs, imm"
    add a0, a1,                          #! 16 expected an expression here
    add a0, 5, a2                        #! 13 "5" is not a register, expected "add rd, rs1, rs2" or "add rd, rs, imm"; did you mean "x5"?
    add a0, (a1), a2                     #! 13 "(a1)" is not a register, expected "add rd, rs1, rs2" or "add rd, rs, imm"
    add x32, a1, a2                      #! 9 "x32" is not a register, expected "add rd, rs1, rs2" or "add rd, rs, imm"; did you mean "x3"?
    addi a0, a1, 2048                    #! 18 immediate 2048 is out of range -2048..2047
    addi a0, a1, -2049                   #! 18 immediate -2049 is out of range -2048..2047
    addi a0, a1, a2                      #! 18 "a2" is not a number or symbol, expected "addi rd, rs1, imm"
    lw a0, 4(5)                          #! 13 expected the end of the operand, found '(5)'
    lw a0, 4(a1                          #! 13 expected ) to close this (
    lw a0, 4)a1(                         #! 13 there is no ( before this )
    lw a0, 5000(a1)                      #! 12 immediate 5000 is out of range -2048..2047
    lw a0, a1                            #! 12 "a1" is not a memory operand such as 0(a0), expected "lw rd, imm(rs1)" or "lw rd, symbol"
    sw a0, sym                           #! 12 "sym" is not a memory operand such as 0(a0), expected "sw rs2, imm(rs1)" or "sw rs, symbol, rt"
    lui a0, 0x100000                     #! 13 immediate 1048576 is out of range 0..1048575 (0xfffff)
    lui a0, -0x80001                     #! 13 immediate -524289 is out of range 0..1048575 (0xfffff)
    slli a0, a0, 32                      #! 18 immediate 32 is out of range 0..31
    srai a0, a0, -1                      #! 18 immediate -1 is out of range 0..31
    beq a0, a1                           #! 5 "beq" takes 3 operands, found 2; expected "beq rs1, rs2, target"
    jal a0                               #! 9 "a0" is not a number or symbol, expected "jal rd, target" or "jal target"
    csrr a0, mstatsu                     #! 14 unknown CSR "mstatsu"; did you mean "mstatus"?
    csrr a0, 4096                        #! 14 CSR number 4096 is out of range 0..4095 (0xfff)
    csrwi mstatus, 32                    #! 20 immediate 32 is out of range 0..31
    fence xy, rw                         #! 11 "xy" is not a fence set, expected letters of "iorw" in this order
    fence wr, rw                         #! 11 "wr" is not a fence set, expected letters of "iorw" in this order
    fence rw                             #! 5 "fence" takes 0 or 2 operands, found 1; expected "fence {iorw}, {iorw}" or "fence"
    li a0, foo                           #! 12 li needs a number known at this point; use la to load an address
    li a0, 0x100000000                   #! 12 4294967296 does not fit in 32 bits (-0x80000000..0xffffffff)
    li a0, -0x80000001                   #! 12 -2147483649 does not fit in 32 bits (-0x80000000..0xffffffff)
    la a0                                #! 5 "la" takes 2 operands, found 1; expected "la rd, symbol"
    mv a0, 5                             #! 12 "5" is not a register, expected "mv rd, rs"; did you mean "x5"?
    ret a0                               #! 5 "ret" takes no operands, found 1; expected "ret"
    nop extra                            #! 5 "nop" takes no operands, found 1; expected "nop"
    call                                 #! 5 "call" takes 1 or 2 operands, found 0; expected "call symbol" or "call rd, symbol"
    call a0, a1, a2                      #! 5 "call" takes 1 or 2 operands, found 3; expected "call symbol" or "call rd, symbol"
    lui a0, %lo(x)                       #! 13 %lo cannot be used here, expected a number or %hi(...) or %pcrel_hi(...)
    addi a0, a0, %hi(x)                  #! 18 %hi cannot be used here, expected a number or %lo(...) or %pcrel_lo(...)
    addi a0, a0, %bar(x)                 #! 18 %bar cannot be used here, expected a number or %lo(...) or %pcrel_lo(...)
    lui a0, %hi(x                        #! 16 expected ) to close this (
    add a0, a1, a2 nop                   #! 19 expected the end of the operand, found 'nop'
    .insn q 5                            #! 11 unknown instruction format, expected one of
    .insn r 5                            #! 11 wrong operands for .insn r, expected "r opcode, funct3, funct7, rd, rs1, rs2" or "r opcode, funct3, funct2, rd, rs1, rs2, rs3"
    .insn r 0x80, 0, 0, a0, a1, a2       #! 13 immediate 128 is out of range 0..127
    .insn i 0x13, 8, a0, a1, 5           #! 19 immediate 8 is out of range 0..7
    .insn 4, 0x1                         #! 11 0x1 is not an instruction of 4 bytes
    .insn ca 1, 35, 3, a0, t0            #! 28 register "t0" does not fit in 3 bits, expected x8..x15
