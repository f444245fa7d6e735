/* The two words through which program and host talk: a section of their own, or part of .bss for foreign link scripts. */
#ifdef TOHOST_IN_BSS
    .section .bss.tohost, "aw", @nobits
#else
    .section .tohost, "aw", @progbits
#endif
    .balign 64
    .globl tohost
    .type tohost, @object
    .size tohost, 8
tohost: .dword 0
    .balign 64
    .globl fromhost
    .type fromhost, @object
    .size fromhost, 8
fromhost: .dword 0
