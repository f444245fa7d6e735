    .foo                                 #! 5 unknown directive ".foo"; did you mean ".float"?
    .wrod 5                              #! 5 unknown directive ".wrod"; did you mean ".word"?
    .string "abc                         #! 13 string is never closed
    .string abc                          #! 13 expected a string in double quotes here
    .ascii "a" 5                         #! 16 expected the end of the statement, found '5'
    .ascii "a",                          #! 16 expected another string after the comma
    .align 99                            #! 12 the alignment 2**99 is out of range, expected a power 0..24
    .align -1                            #! 12 the alignment 2**-1 is out of range, expected a power 0..24
    .balign 3                            #! 13 the alignment 3 is not a power of 2
    .balign 0x2000000                    #! 13 the alignment 33554432 is larger than 16777216
    .space -1                            #! 12 the size -1 is negative
one: .byte 1
two:
    .space one - two                     #! 12 the size -1 is negative
    .space 0x7fffffffffff                #! 12 the size 140737488355327 does not fit in the 32-bit address space
    .org                                 #! 9 expected an expression here
    .fill 1, -1                          #! 11 the size -1 is negative
    .section                             #! 13 expected the name of the section here
    .section .x, "qq"                    #! 18 unknown section flag "q", expected some of "awxMSGoTe?R"
    .section .x, "aw", @foo              #! 24 unknown section type "foo", expected one of progbits
    .section .x, "aw", 5                 #! 24 expected a section type such as @progbits or @nobits
    .section .data, "ax"                 #! 5 section .data was opened with flags "aw" before, found "ax"
    .popsection                          #! 5 .popsection without .pushsection before it
    .set 5, 5                            #! 10 expected a symbol name here
    .set x                               #! 11 expected a comma here
    .globl                               #! 11 expected a symbol name here
    .globl 5                             #! 12 expected a symbol name here
    .globl .L1                           #! 15 ".L1" is a local label and cannot be made visible to other sources
    .globl a b                           #! 14 expected the end of the statement, found 'b'
    .type x, @foo                        #! 14 expected a symbol type such as @function or @object
    .size x                              #! 12 expected a comma here
    .comm x                              #! 12 expected a comma here
    .comm x, 4, 3                        #! 11 the alignment 3 is not a power of 2
    .comm x, -4                          #! 11 the size -4 is negative
    .incbin "nope"                       #! 13 cannot find "nope"; looked in
    .incbin "five.bin"  , 1000000        #! 13 "five.bin" has 5 bytes, asked for all from 1000000 on
    .incbin "five.bin"  , 1, -1          #! 13 "five.bin" has 5 bytes, asked for -1 from 1 on
    .include "nope.s"                    #! 14 cannot find "nope.s"; looked in
    .include nope                        #! 14 expected a file name in double quotes here
    .option frob                         #! 13 unknown option "frob", expected one of
    .option pop                          #! 13 .option pop without .option push before it
    .option pic                          #! 13 position-independent code is not supported (there is no dynamic linker)
    .altmacro                            #! 5 the alternate macro syntax is not supported; use \name parameters and \@ for labels
    .loc 1 1                             #! 10 there is no .file 1 before this .loc
    .uleb128 -1                          #! 14 the value -1 is negative, expected an unsigned number
    .float abc                           #! 12 expected a floating-point number such as 1.5 or -2e-3
    .double 1e999                        #! 13 1e999 is too large for .double
    .text 5 6                            #! 13 expected the end of the statement, found '6'
    .error "stop here"                   #! 5 stop here
    .error                               #! 5 .error in the source
    .err                                 #! 5 .err in the source
    .fail 3                              #! 5 .fail 3 in the source
    .data
    .bss
    .word 5                              #! 5 section .bss holds no contents; use .space or .zero to reserve memory
    .text
'name                                    #! 1 expected a label, instruction or directive, found "'name"
    "abc" nop                            #! 5 expected a label, instruction or directive, found '"abc" nop'
    +5                                   #! 5 expected a label, instruction or directive, found '+5'
    @                                    #! 5 expected a label, instruction or directive, found '@'
