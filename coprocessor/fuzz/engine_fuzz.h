/* One fuzz case for the engine; see engine_fuzz.c. */
#ifndef NM_ENGINE_FUZZ_H
#define NM_ENGINE_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#define FUZZ_BASE 0x80000000u
enum { FUZZ_RAM = 0x4000, FUZZ_MOST_COMMANDS = 24 };

/* An instruction to issue, or a CSR to write. */
typedef struct fuzz_command {
    uint8_t what;    /* an operation, modulo their number; from 0xE0 register-level instructions; from 0xF0 a CSR write */
    uint8_t repeats; /* bits 0 to 2: how often a suspended instruction is issued again; others: how many steps at most */
    uint16_t csr;
    uint32_t rs1, rs2;
} fuzz_command;

/* Input: one byte with the number of commands, one that selects the instruction set of long operations, which is compared
   with the scalar one unless bit 7 is set, one with the lanes
   (0: as it comes; a multiple of 4: with accounts), one with the parts that are absent (bits 0 to 2), whether spikes are
   logged (bit 3) and whether nothing is suspended (bit 4), the commands, then the contents of RAM from its start. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Count descriptors from now on, and say how many there were when the process ends. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

#endif
