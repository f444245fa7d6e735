/* Feeds memory images and instruction sequences to the coprocessor and checks what must hold for any of them.
   Built with sanitizers; entered by libFuzzer or by seeded_main.c. A broken rule aborts. */
#include "engine_fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "neurohart/coprocessor.h"

static const uint16_t operations[] = {NM_RUN,   NM_LAYER, NM_SYN,   NM_UPD,   NM_LEARN, NM_RST,
                                      NM_INJ,   NM_POP,   NM_QLEV,  NM_EV2BM, NM_BM2EV, NM_START,
                                      NM_WAIT,  NM_POLL,  NM_ABORT, NM_CHECK, NM_SAVE,  NM_REST};

typedef uint32_t one_operand(nm_coprocessor *, uint32_t);
typedef uint32_t two_operands(nm_coprocessor *, uint32_t, uint32_t);
typedef uint32_t three_operands(nm_coprocessor *, uint32_t, uint32_t, uint32_t);

/* The register-level instructions that compute with signed numbers. */
static one_operand *const ones[] = {nm_ffs, nm_clrlsb, nm_thr, nm_athd, nm_sdact, nm_sdthr, nm_rndn, nm_bern, nm_eph};
static two_operands *const twos[] = {nm_vadds, nm_vwadl, nm_vwadh, nm_tnsyn, nm_dec,  nm_decs,  nm_integ, nm_lif,
                                     nm_cubi,  nm_cubv,  nm_cmp,   nm_izh,   nm_tn,   nm_sdsig, nm_srsr,  nm_srnr,
                                     nm_srtz,  nm_sat,   nm_trd,   nm_tri,   nm_wadd8, nm_bltp, nm_bltd,  nm_sdsp};
static three_operands *const threes[] = {nm_sacc8, nm_sacc4, nm_sacct, nm_saccb, nm_dot8, nm_stdw, nm_eld, nm_epw};

enum { OPERATIONS = sizeof operations / sizeof operations[0], REGISTER_LEVEL = 0xE0, CSR_WRITES = 0xF0 };
enum { FEW_STEPS = 4, MANY_STEPS = 40, MANY = 0x40 /* in `repeats`: many steps */, NO_SLICE = 16 };
enum { PIECE = 256 }; /* bytes of RAM compared at once */

static void require(int good, const char *rule)
{
    if (!good) {
        fprintf(stderr, "broken rule: %s\n", rule);
        abort();
    }
}

static int is_error(uint32_t code) { return code == 5 || code == 7 || (code >= 24 && code <= 27); }

/* What must hold after an issue. */
static void check_outcome(const nm_front *front, uint32_t operation, uint32_t outcome, const uint8_t *before,
                          const uint8_t *ram)
{
    require(outcome <= NM_TRAPPED, "an outcome is retired, suspended or trapped");
    require(outcome != NM_SUSPENDED || operation <= NM_RST, "only operations of funct3 = 0 suspend");
    require(outcome != NM_TRAPPED || (is_error(front->cause) && (front->ctl & 4)), "traps are errors under ETRAP");
    require(outcome != NM_TRAPPED || operation != NM_CHECK || front->cause == 5, "nm.check traps for load faults only");
    require(outcome != NM_RETIRED || front->cycles > 0, "a retired instruction takes time");
    for (uint32_t k = 0; k < FUZZ_RAM; k++) {
        if (k % PIECE == 0 && memcmp(before + k, ram + k, PIECE) == 0) {
            k += PIECE - 1;
        } else if (before[k] != ram[k]) {
            require(front->written_low <= k && k <= front->written_high, "stores lie in the written range");
            require(operation != NM_CHECK && operation != NM_REST, "nm.check and nm.rest store nothing");
        }
    }
}

static void issue(nm_coprocessor *c, const fuzz_command *command, uint8_t *ram, uint8_t *before, uint64_t *mcycle)
{
    nm_front *front = nm_front_of(c);
    front->site = command->rs2;
    uint32_t operation = operations[command->what % OPERATIONS];
    uint32_t most = command->repeats & MANY ? MANY_STEPS : FEW_STEPS;
    uint32_t rs2 = operation == NM_RUN || operation == NM_START ? command->rs2 % most : command->rs2;
    for (unsigned k = 0; k <= command->repeats % 8; k++) {
        memcpy(before, ram, FUZZ_RAM);
        front->written_low = UINT32_MAX;
        front->written_high = 0;
        uint32_t outcome = nm_issue(c, operation, command->rs1, rs2, *mcycle);
        check_outcome(front, operation, outcome, before, ram);
        *mcycle += front->cycles;
        nm_update(c, *mcycle);
        if (outcome != NM_SUSPENDED) {
            break;
        }
    }
}

#define PICK(table, selector) table[(selector) % (sizeof table / sizeof table[0])]

static void register_level(nm_coprocessor *c, const fuzz_command *command)
{
    PICK(ones, command->csr)(c, command->rs1);
    PICK(twos, command->csr)(c, command->rs1, command->rs2);
    PICK(threes, command->csr)(c, command->rs2, command->rs1, command->rs2 >> 7);
}

/* One of the instruction sets this machine has. */
static void use_level(nm_coprocessor *c, uint32_t selector)
{
    uint32_t count = 0;
    while (nm_simd_level(count)) {
        count++;
    }
    require(nm_set_simd(c, nm_simd_level(selector % count)), "every level that is listed can be used");
}

/* Take the log of spikes: all of it, and then nothing is left. */
static void take_spikes(nm_coprocessor *c)
{
    uint32_t count = nm_take_spikes(c, NULL, 0);
    nm_spikes *spikes = malloc((count + 1) * sizeof *spikes);
    require(spikes && nm_take_spikes(c, spikes, count) == count, "the log is handed out");
    for (uint32_t k = 0; k < count; k++) {
        require(spikes[k].bits != 0, "only groups with spikes are logged");
    }
    require(nm_take_spikes(c, NULL, 0) == 0 && nm_lost_spikes(c) == 0, "the log is empty then, and nothing was lost");
    free(spikes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4) {
        return 0;
    }
    size_t count = data[0] % (FUZZ_MOST_COMMANDS + 1u);
    const uint8_t *commands = data + 4;
    if (size - 4 < count * sizeof(fuzz_command)) {
        return 0;
    }
    const uint8_t *contents = commands + count * sizeof(fuzz_command);
    size_t length = size - (size_t)(contents - data);
    uint8_t *ram = calloc(1, FUZZ_RAM), *before = malloc(FUZZ_RAM);
    nm_coprocessor *c = nm_new(ram, FUZZ_BASE, FUZZ_RAM);
    require(ram && before && c, "there is memory");
    memcpy(ram, contents, length < FUZZ_RAM ? length : FUZZ_RAM);
    use_level(c, data[1]);
    nm_csr_write(c, 0x7C3, data[3] & NO_SLICE ? 0 : 40, 0);
    require(nm_set_lanes(c, data[2]) == (data[2] != 0), "lanes are 1 to 255");
    require(nm_keep_accounts(c, data[2] % 4 == 0) == 1, "there is memory for accounts");
    require(!nm_set_parts(c, 8) && nm_set_parts(c, 7u & ~(uint32_t)data[3]), "parts are three bits");
    nm_log_spikes(c, data[3] >> 3 & 1);
    uint64_t mcycle = 0;
    for (size_t k = 0; k < count; k++) {
        fuzz_command command;
        memcpy(&command, commands + k * sizeof command, sizeof command);
        if (command.what >= CSR_WRITES) {
            nm_csr_write(c, command.csr, command.rs1, mcycle);
            (void)nm_csr_read(c, command.csr, mcycle);
        } else if (command.what >= REGISTER_LEVEL) {
            register_level(c, &command);
        } else {
            issue(c, &command, ram, before, &mcycle);
        }
    }
    nm_image image;
    nm_get_image(c, &image);
    require(image.rng != 0 && (image.mode >> 3 & 3) != 3, "CSRs keep legal values");
    nm_account accounts[2];
    require(nm_get_accounts(c, accounts, 2) >= nm_get_accounts(c, NULL, 0), "accounts are counted, not cut");
    take_spikes(c);
    nm_free(c);
    free(before);
    free(ram);
    return 0;
}
