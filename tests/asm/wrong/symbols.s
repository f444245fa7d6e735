x:  nop
x:  nop                                  #! 1 symbol "x" is already defined at symbols.s:1
x = 5                                    #! 1 symbol "x" is already defined at symbols.s:1
    .equ y, 1
y:  nop                                  #! 1 symbol "y" is already defined at symbols.s:4
    .equiv z, 1
    .equiv z, 2                          #! 12 symbol "z" is already defined at symbols.s:6
    .eqv w, 1
    .eqv w, 2                            #! 10 symbol "w" is already defined at symbols.s:8
q == 5
q == 6                                   #! 1 symbol "q" is already defined at symbols.s:10
    .comm x, 4                           #! 11 symbol "x" is already defined at symbols.s:1
    .lcomm x, 4                          #! 12 symbol "x" is already defined at symbols.s:1
1:  j 2b                                 #! 7 there is no label "2:" before this; "2f" looks forward
