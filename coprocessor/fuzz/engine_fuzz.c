/* Feeds memory images and instruction sequences to the coprocessor and checks what must hold for any of them: instruction
   sets agree, errors found by validation are those of nm.check, others are of those that data can cause, and nothing else
   changes. Built with sanitizers; entered by libFuzzer or by seeded_main.c. A broken rule aborts. */
#include "engine_fuzz.h"

#include <inttypes.h>
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
enum { FEW_STEPS = 4, MANY_STEPS = 40, LONGEST = 256, MANY = 0x40, LONG = 0xF8 /* in `repeats`: how many steps */ };
enum { ALONE = 0x80 /* in byte 1: one instruction set */, NO_SLICE = 16 };
enum { PIECE = 256 }; /* bytes of RAM compared at once */
enum { ERR = 0x7C1, EADDR = 0x7C2, SLICE = 0x7C3, ST_INITIAL = 1, ETRAP = 4 };

/* A coprocessor that goes through a case. */
typedef struct machine {
    nm_coprocessor *c;
    uint8_t *ram, *before;
    uint64_t mcycle;
    uint32_t outcome;
} machine;

/* An error; code 0: none. */
typedef struct error {
    uint32_t code, address;
} error;

static uint64_t checked, operated; /* descriptors fed to nm.check, and to operations */

static void require(int good, const char *rule)
{
    if (!good) {
        fprintf(stderr, "broken rule: %s\n", rule);
        abort();
    }
}

static uint32_t word_at(const uint8_t *ram, uint32_t address)
{
    uint32_t word = 0;
    if (address % 4 == 0 && address - FUZZ_BASE < FUZZ_RAM) {
        memcpy(&word, ram + (address - FUZZ_BASE), sizeof word);
    }
    return word;
}

static int is_in_ram(uint32_t address) { return address - FUZZ_BASE < FUZZ_RAM; }
static int is_error(uint32_t code) { return code == 5 || code == 7 || (code >= 24 && code <= 27); }
static int is_of_data(uint32_t code) { return code == 5 || code == 7 || code == 24 || code == 27; }

/* The type of the descriptors an operation takes; 0: none. */
static uint32_t type_for(uint32_t operation)
{
    switch (operation) {
    case NM_UPD:
    case NM_RST: return 1;
    case NM_LAYER:
    case NM_SYN: return 2;
    case NM_LEARN: return 3;
    case NM_RUN:
    case NM_START: return 4;
    case NM_EV2BM:
    case NM_BM2EV: return 5;
    default: return 0;
    }
}

/* What nm.check finds on a coprocessor that has done nothing before. */
static error verdict(nm_coprocessor *judge, uint32_t descriptor)
{
    nm_front *front = nm_front_of(judge);
    front->ctl = ST_INITIAL;
    require(nm_issue(judge, NM_CHECK, descriptor, 0, 0) == NM_RETIRED, "nm.check retires without ETRAP");
    checked++;
    error found = {0 - front->result, nm_csr_read(judge, EADDR, 0)};
    require(nm_csr_read(judge, ERR, 0) == found.code, "nm_err holds the code");
    require(found.code == 0 || (is_error(found.code) && found.code != 7), "nm.check finds errors of descriptors");
    return found;
}

/* The error that an operation ended with. */
static error error_of(nm_coprocessor *c, uint32_t outcome)
{
    const nm_front *front = nm_front_of(c);
    uint32_t code = outcome == NM_TRAPPED ? front->cause : 0 - front->result;
    code = outcome == NM_TRAPPED || (outcome == NM_RETIRED && front->result >> 31) ? code : 0;
    error found = {code, code ? nm_csr_read(c, EADDR, 0) : 0};
    if (code) {
        require(is_error(code) && nm_csr_read(c, ERR, 0) == code, "nm_err holds the code of an error");
        require(outcome != NM_TRAPPED || front->tval == found.address, "mtval and nm_eaddr agree");
        require((code != 5 && code != 7) || !is_in_ram(found.address), "access faults are outside of RAM");
    }
    return found;
}

/* The error of an issue against what nm.check says of its descriptor. */
static void check_error(const machine *m, uint32_t operation, uint32_t rs1, uint32_t rs2, error expected)
{
    uint32_t type = type_for(operation);
    if (type == 0 && operation != NM_CHECK) {
        return;
    }
    error found = error_of(m->c, m->outcome);
    uint32_t first = word_at(m->before, rs1);
    if (operation == NM_CHECK) {
        require(found.code == expected.code && found.address == expected.address, "nm.check depends on memory only");
    } else if ((first >> 8 & 0xFF) != type) {
        require(found.code != 0, "operations take descriptors of one type");
    } else if (expected.code) {
        require(found.code == expected.code && found.address == expected.address, "operations fail where nm.check does");
        require(memcmp(m->before, m->ram, FUZZ_RAM) == 0, "nothing is written before everything is valid");
    } else if (operation == NM_LAYER && word_at(m->before, rs1 + 48) == 0) {
        require(found.code == 24 && found.address == rs1 + 48, "nm.layer wants a population");
    } else if ((operation != NM_LAYER && operation != NM_SYN) || rs2 % 4 == 0) {
        require(found.code == 0 || is_of_data(found.code), "valid descriptors leave errors of data");
    }
}

/* What must hold after an issue. */
static void check_outcome(const machine *m, uint32_t operation)
{
    const nm_front *front = nm_front_of(m->c);
    require(m->outcome <= NM_TRAPPED, "an outcome is retired, suspended or trapped");
    require(m->outcome != NM_SUSPENDED || operation <= NM_RST, "only operations of funct3 = 0 suspend");
    require(m->outcome != NM_TRAPPED || (is_error(front->cause) && (front->ctl & ETRAP)), "traps are errors under ETRAP");
    require(m->outcome != NM_TRAPPED || operation != NM_CHECK || front->cause == 5, "nm.check traps for load faults only");
    require(m->outcome != NM_RETIRED || front->cycles > 0, "a retired instruction takes time");
    for (uint32_t k = 0; k < FUZZ_RAM; k++) {
        if (k % PIECE == 0 && memcmp(m->before + k, m->ram + k, PIECE) == 0) {
            k += PIECE - 1;
        } else if (m->before[k] != m->ram[k]) {
            require(front->written_low <= k && k <= front->written_high, "stores lie in the written range");
            require(operation != NM_CHECK && operation != NM_REST, "nm.check and nm.rest store nothing");
        }
    }
}

static void issue_once(machine *m, uint32_t operation, uint32_t rs1, uint32_t rs2, error expected)
{
    nm_front *front = nm_front_of(m->c);
    memcpy(m->before, m->ram, FUZZ_RAM);
    front->written_low = UINT32_MAX;
    front->written_high = 0;
    m->outcome = nm_issue(m->c, operation, rs1, rs2, m->mcycle);
    check_outcome(m, operation);
    check_error(m, operation, rs1, rs2, expected);
    m->mcycle += front->cycles;
    nm_update(m->c, m->mcycle);
}

/* Two machines agree in everything that can be seen. */
static void check_equal(const machine *one, const machine *other)
{
    const nm_front *a = nm_front_of(one->c), *b = nm_front_of(other->c);
    static nm_image images[2]; /* with zeros between members */
    nm_get_image(one->c, &images[0]);
    nm_get_image(other->c, &images[1]);
    require(one->outcome == other->outcome && one->mcycle == other->mcycle, "levels agree in outcomes and cycles");
    require(a->result == b->result && a->cause == b->cause && a->tval == b->tval, "levels agree in results");
    require(a->mip == b->mip && a->next_event == b->next_event && a->logged == b->logged, "levels agree in events");
    require(memcmp(&images[0], &images[1], sizeof images[0]) == 0, "levels agree in CSRs, counters and queues");
    require(memcmp(one->ram, other->ram, FUZZ_RAM) == 0, "levels agree in RAM");
}

static void issue(machine *machines, uint32_t count, nm_coprocessor *judge, const fuzz_command *command)
{
    uint32_t operation = operations[command->what % OPERATIONS], type = type_for(operation);
    uint32_t most = (command->repeats & LONG) == LONG ? LONGEST : command->repeats & MANY ? MANY_STEPS : FEW_STEPS;
    uint32_t rs2 = operation == NM_RUN || operation == NM_START ? command->rs2 % most : command->rs2;
    for (unsigned k = 0; k <= command->repeats % 8; k++) {
        error expected = {0, 0};
        if (type || operation == NM_CHECK) {
            expected = verdict(judge, command->rs1);
        }
        checked += operation == NM_CHECK;
        operated += type != 0;
        for (machine *m = machines; m < machines + count; m++) {
            nm_front_of(m->c)->site = command->rs2;
            issue_once(m, operation, command->rs1, rs2, expected);
        }
        if (machines[0].outcome != NM_SUSPENDED) {
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

/* The instruction sets this machine has; the last one is scalar. */
static uint32_t levels(void)
{
    uint32_t count = 0;
    while (nm_simd_level(count)) {
        count++;
    }
    return count;
}

/* Take the log of spikes: all of it, and then nothing is left. Gives their number; the caller frees them. */
static uint32_t take_spikes(nm_coprocessor *c, nm_spikes **spikes)
{
    uint32_t count = nm_take_spikes(c, NULL, 0);
    *spikes = malloc((count + 1) * sizeof **spikes);
    require(*spikes && nm_take_spikes(c, *spikes, count) == count, "the log is handed out");
    for (uint32_t k = 0; k < count; k++) {
        require((*spikes)[k].bits != 0, "only groups with spikes are logged");
    }
    require(nm_take_spikes(c, NULL, 0) == 0 && nm_lost_spikes(c) == 0, "the log is empty then, and nothing was lost");
    return count;
}

/* A machine as the first four bytes of the input say, with one of the instruction sets. */
static machine begin(const uint8_t *options, const uint8_t *contents, size_t length, uint32_t level)
{
    machine m = {.ram = calloc(1, FUZZ_RAM), .before = malloc(FUZZ_RAM)};
    m.c = nm_new(m.ram, FUZZ_BASE, FUZZ_RAM);
    require(m.ram && m.before && m.c, "there is memory");
    memcpy(m.ram, contents, length < FUZZ_RAM ? length : FUZZ_RAM);
    require(nm_set_simd(m.c, nm_simd_level(level)), "every level that is listed can be used");
    nm_csr_write(m.c, SLICE, options[3] & NO_SLICE ? 0 : 40, 0);
    require(nm_set_lanes(m.c, options[2]) == (options[2] != 0), "lanes are 1 to 255");
    require(nm_keep_accounts(m.c, options[2] % 4 == 0) == 1, "there is memory for accounts");
    require(!nm_set_parts(m.c, 8) && nm_set_parts(m.c, 7u & ~(uint32_t)options[3]), "parts are three bits");
    nm_log_spikes(m.c, options[3] >> 3 & 1);
    return m;
}

static void perform(machine *machines, uint32_t count, nm_coprocessor *judge, const fuzz_command *command)
{
    if (command->what < REGISTER_LEVEL) {
        issue(machines, count, judge, command);
    }
    for (machine *m = machines; m < machines + count; m++) {
        if (command->what >= CSR_WRITES) {
            nm_csr_write(m->c, command->csr, command->rs1, m->mcycle);
            (void)nm_csr_read(m->c, command->csr, m->mcycle);
        } else if (command->what >= REGISTER_LEVEL) {
            register_level(m->c, command);
        }
    }
    if (count > 1) {
        check_equal(&machines[0], &machines[1]);
    }
}

/* What must hold in the end. */
static void check_end(const machine *machines, uint32_t count)
{
    enum { ACCOUNTS = 64 };
    static nm_account accounts[2][ACCOUNTS];
    nm_spikes *spikes[2];
    uint32_t kept[2], logged[2];
    for (uint32_t k = 0; k < count; k++) {
        nm_image image;
        nm_get_image(machines[k].c, &image);
        require(image.rng != 0 && (image.mode >> 3 & 3) != 3, "CSRs keep legal values");
        kept[k] = nm_get_accounts(machines[k].c, NULL, 0);
        require(nm_get_accounts(machines[k].c, accounts[k], ACCOUNTS) >= kept[k], "accounts are counted, not cut");
        logged[k] = take_spikes(machines[k].c, &spikes[k]);
    }
    if (count > 1) {
        uint32_t some = kept[0] < ACCOUNTS ? kept[0] : ACCOUNTS;
        require(kept[0] == kept[1] && memcmp(accounts[0], accounts[1], some * sizeof accounts[0][0]) == 0,
                "levels agree in accounts");
        require(logged[0] == logged[1] && memcmp(spikes[0], spikes[1], logged[0] * sizeof *spikes[0]) == 0,
                "levels agree in spikes");
    }
    for (uint32_t k = 0; k < count; k++) {
        free(spikes[k]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4) {
        return 0;
    }
    size_t commands = data[0] % (FUZZ_MOST_COMMANDS + 1u);
    if (size - 4 < commands * sizeof(fuzz_command)) {
        return 0;
    }
    const uint8_t *contents = data + 4 + commands * sizeof(fuzz_command);
    uint32_t level = data[1] % levels(), scalar = levels() - 1, count = data[1] & ALONE || level == scalar ? 1 : 2;
    machine machines[2];
    for (uint32_t k = 0; k < count; k++) {
        machines[k] = begin(data, contents, size - (size_t)(contents - data), k ? scalar : level);
    }
    nm_coprocessor *judge = nm_new(machines[0].ram, FUZZ_BASE, FUZZ_RAM);
    require(judge && nm_set_parts(judge, 7u & ~(uint32_t)data[3]), "there is memory for another one");
    for (size_t k = 0; k < commands; k++) {
        fuzz_command command;
        memcpy(&command, data + 4 + k * sizeof command, sizeof command);
        perform(machines, count, judge, &command);
    }
    check_end(machines, count);
    nm_free(judge);
    for (uint32_t k = 0; k < count; k++) {
        nm_free(machines[k].c);
        free(machines[k].before);
        free(machines[k].ram);
    }
    return 0;
}

static void report(void)
{
    fprintf(stderr, "descriptors: %" PRIu64 " checked, %" PRIu64 " operated on\n", checked, operated);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return atexit(report);
}
