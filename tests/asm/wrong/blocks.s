    .else                                #! 5 .else without .if before it
    .endif                               #! 5 .endif without .if before it
    .elseif 1                            #! 5 .elseif without .if before it
    .endm                                #! 5 .endm without .macro before it
    .endr                                #! 5 .endr without .rept, .irp or .irpc before it
    .exitm                               #! 5 .exitm outside of a macro
    .if 1
    .else
    .else                                #! 5 .else after .else of the .if at line 7
    .elseif 1                            #! 5 .elseif after .else of the .if at line 7
    .endif
    .ifdef                               #! 11 expected a symbol name here
    .endif
    .if                                  #! 8 expected an expression here
    .endif
    .macro                               #! 11 expected the name of the macro after .macro
    .endm
    .macro twice a, a                    #! 12 macro "twice" has two parameters called "a"
    .endm
    .macro colon a:b                     #! 12 expected ":req" or ":vararg" after parameter "a"
    .endm
    .macro rest a:vararg, b              #! 12 ":vararg" parameter "a" must be the last of macro "rest"
    .endm
    .macro wide
    addd a0, a0, a0                      #! 5 unknown mnemonic "addd"; did you mean "add"?
    .endm
    .macro one a:req
    wide
    .endm
    .macro one b                         #! 12 macro "one" is already defined at blocks.s:27; .purgem removes it
    .endm
    one                                  #! 5 macro "one" needs a value for "a"; expected "one a"
    one 1, 2                             #! 5 too many arguments for macro "one"; expected "one a"
    one b=1                              #! 5 macro "one" has no parameter "b"; expected "one a"
    one a=1, a=2                         #! 5 parameter "a" of macro "one" is given twice
    one 5
    .purgem none                         #! 13 there is no macro "none" to remove
    .macro self
    self                                 #! 5 more than 100 files and macros are nested; macro "self" calls itself without end?
    .endm
    self
    .rept -1                             #! 11 the number of repetitions -1 is negative
    .endr
    .rept 100000000                      #! 5 100000000 repetitions are too many, at most 16777216
    .endr
    .irp                                 #! 9 expected the name of a parameter after .irp
    .endr
    .rept 2
    addd a1, a1, a1                      #! 5 unknown mnemonic "addd"; did you mean "add"?
    .endr
    .irp r, t0
    addd \r, \r, \r                      #! 5 unknown mnemonic "addd"; did you mean "add"?
    .endr
