    .word 5 /                            #! 14 expected an expression here
    .word (1 + 2                         #! 11 expected ) to close this (
    .word 1 / 0                          #! 13 division by zero
    .word 1 % (2 - 2)                    #! 13 division by zero
    .word 1,,2                           #! 13 expected an expression, found ',2'
    .word 5,                             #! 13 expected another value after the comma
    .word 08                             #! 11 08 is not an octal number (a leading 0 means octal)
    .word 0x                             #! 11 expected an expression, found '0x'
    .word 5 6                            #! 13 expected the end of the statement, found '6'
    .word "abc                           #! 11 string is never closed
    .word 1b                             #! 11 there is no label "1:" before this; "1f" looks forward
    .word 0x10000000000000000            #! 11 0x10000000000000000 needs more than 64 bits
    .if foo                              #! 9 the condition must be a number known at this point (no forward or undefined symbol)
    .endif
    .rept later                          #! 11 the number of repetitions must be a number known at this point (no forward or undefined symbol)
    .endr
later:
    .space 1, later                      #! 15 the fill value must be a number known at this point (no forward or undefined symbol)
    .align later                         #! 12 the alignment must be a number known at this point (no forward or undefined symbol)
