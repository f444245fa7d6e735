/* Seeded cases for engine_fuzz.c: descriptors that are mostly valid, then mutated. They run here, without libFuzzer, or are
   written as files into a directory for libFuzzer to begin with. The seed of a case that aborts is told.
   Usage: engine_fuzz FIRST_SEED COUNT [DIRECTORY] */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "seeded.h"

uint32_t seeded_state;

/* An address in the data area, aligned; rarely near or beyond the end of RAM. */
static uint32_t pointer(uint32_t alignment)
{
    uint32_t offset = chance(30) ? FUZZ_RAM - below(64) : DATA + below(FUZZ_RAM - DATA);
    return FUZZ_BASE + offset - offset % alignment;
}

static uint32_t size(void) { return 1 + below(chance(4) ? 300 : 40); }

static void make_pop(uint8_t *ram, uint32_t k)
{
    static const uint32_t masks[8][4] = {
        {0, ~0u, 31, 0},       {0x1FFF0000, ~0u, 31, 0}, {0x1FFF1FFF, ~0u, 31, 0}, {0x1FFF1FFF, ~0u, 31, 0x1FFF1FFF},
        {~0u, ~0u, 0x71F, ~0u}, {0x27FF, ~0u, 31, 0x1FFFF}, {0x1FFF0000, ~0u, 31, 0}, {0, ~0u, 0x11F, 0}};
    uint32_t profile = below(8), n = size(), own = chance(2) ? below(64) : 0, mode = below(3);
    uint32_t refractory = profile < 3 && chance(3) ? below(256) : 0;
    uint32_t out = chance(3) ? 0 : pointer(4), graded = chance(3);
    uint32_t w[16] = {0x4E4D0101, n, profile | own << 4 | mode << 10 | graded << 12 | refractory << 16 | below(4) << 24,
                      any() & 0x7E7};
    for (uint32_t q = 0; q < 4; q++) {
        w[4 + q] = any() & masks[profile][q];
    }
    w[8] = any() >> below(32);
    w[9] = any() >> below(32);
    w[10] = pointer(4);
    w[11] = own ? pointer(4) : 0;
    w[12] = pointer(4);
    w[13] = out;
    w[14] = mode && out ? 4 * n : 0;
    w[15] = chance(3) ? pointer(4) : 0;
    put(ram, place_of(POPS, k), w, 16);
}

static void make_conv(uint32_t *w)
{
    uint32_t height = 1 + below(6), width = 1 + below(6), in = 1 + below(3), out = 1 + below(4), kernel = 1 + below(3);
    uint32_t stride = 1 + below(2), padding = below(3), depthwise = chance(3);
    out = depthwise ? in : out;
    while (kernel > height + 2 * padding || kernel > width + 2 * padding) {
        kernel--;
    }
    w[1] = height * width * in;
    w[2] = ((height + 2 * padding - kernel) / stride + 1) * ((width + 2 * padding - kernel) / stride + 1) * out;
    w[13] = height | width << 12;
    w[14] = in | out << 10 | kernel << 20 | stride << 24 | padding << 28;
    w[15] = depthwise;
}

static void make_syn(uint8_t *ram, uint32_t k)
{
    uint32_t format = below(8), source = chance(2) ? 0 : below(4), mode = source == 3 ? 0 : below(4), delay = below(3);
    uint32_t pop = place_of(POPS, below(KINDS)), log_depth = below(4), named = chance(2);
    uint32_t w[16] = {0x4E4D0201, size(), size()};
    source = source == 2 && format == 6 ? 0 : source;
    delay = delay == 2 && format >= 5 ? 1 : delay;
    w[11] = pointer(4);
    if (format == 5) {
        make_conv(w);
    } else if (named) {
        uint32_t pop_words[16];
        memcpy(pop_words, ram + pop, sizeof pop_words);
        w[2] = pop_words[1];
        w[11] = pop_words[12];
        w[12] = FUZZ_BASE + pop;
        log_depth = pop_words[2] >> 24 & 15;
    }
    if (format == 6) {
        w[1] = w[1] > 256 ? 256 : w[1];
    } else if (format == 7) {
        w[1] = w[2];
    }
    w[3] = format | source << 4 | mode << 8 | delay << 10 | below(1u << log_depth) << 12 | log_depth << 24;
    w[4] = below(25);
    w[5] = format == 7 && chance(2) ? 0 : pointer(4);
    w[6] = format == 4 || format == 6 ? pointer(4) : 0;
    w[7] = format == 4 || format == 6 ? pointer(2) : 0;
    w[8] = delay ? pointer(4) : 0;
    w[9] = source == 3 ? below(4) : pointer(4);
    w[10] = mode ? 4 * w[1] : 0;
    put(ram, place_of(SYNS, k), w, 16);
    if (format == 4 && w[6] - FUZZ_BASE < FUZZ_RAM - 4 * 400) { /* rows that mostly ascend */
        for (uint32_t i = 0, e = 0; i <= w[1]; i++, e += below(6)) {
            put(ram, w[6] - FUZZ_BASE + 4 * i, &e, 1);
        }
    }
}

static void make_rule(uint8_t *ram, uint32_t k)
{
    uint32_t kind = below(5), syn = place_of(SYNS, k), syn_words[16], pop_words[16];
    memcpy(syn_words, ram + syn, sizeof syn_words);
    uint32_t pop = syn_words[12] ? syn_words[12] - FUZZ_BASE : place_of(POPS, below(KINDS));
    memcpy(pop_words, ram + pop, sizeof pop_words);
    if (syn_words[12]) { /* make the parts fit the rule */
        syn_words[3] = (syn_words[3] & ~0xC7Fu) | (kind == 2 ? 3 : 0);
        syn_words[6] = syn_words[7] = syn_words[8] = syn_words[13] = syn_words[14] = syn_words[15] = 0;
        syn_words[5] = pointer(4);
        syn_words[9] = pointer(4);
        pop_words[2] &= ~(1u << 12);
        pop_words[13] = pop_words[13] ? pop_words[13] : pointer(4);
        pop_words[14] = pop_words[2] >> 10 & 3 ? 4 * pop_words[1] : 0;
        put(ram, syn, syn_words, 16);
        put(ram, pop, pop_words, 16);
    }
    uint32_t w[20] = {0x4E4D0301, kind, FUZZ_BASE + syn, any() & 0x001F1F07, chance(2) ? 0x7F80 : 0x0500,
                      any() & 0x07FF07FF, any(), any() & 0x7FFF7FFF, any() & 0x7FFF, any(),
                      any() & 0x1FFF1FFF, any() & 0x7FFF7FFF, any() & 0x001F1FFF, pointer(2), pointer(2),
                      kind == 1 ? pointer(2) : 0, FUZZ_BASE + pop, kind == 4 ? pointer(4) : 0};
    put(ram, place_of(RULES, k), w, 20);
}

static uint32_t descriptor(uint32_t area) { return FUZZ_BASE + place_of(area, below(area < NETS ? KINDS : 2)); }

static void make_net(uint8_t *ram, uint32_t k)
{
    uint32_t count = 1 + below(8), w[4 + 16] = {0x4E4D0401, count};
    for (uint32_t e = 0; e < count; e++) {
        uint32_t operation = 1 + below(chance(3) ? 3 : 2);
        w[4 + 2 * e] = operation | (operation == 2 ? below(2) << 8 : 0);
        w[5 + 2 * e] = descriptor(operation == 1 ? SYNS : operation == 2 ? POPS : RULES);
    }
    put(ram, place_of(NETS, k), w, 4 + 2 * count);
}

/* A network of two layers that only feed forward, which may go through many steps at once. */
static void make_layers(uint8_t *ram)
{
    uint32_t n = size(), source = pointer(4), fed = below(2); /* fed: each step has an input buffer of its own */
    uint32_t net[12] = {0x4E4D0401, 4};
    for (uint32_t k = 0, spikes = any(); k < 40 * ((n + 31) / 32); k++, spikes = any() | any()) {
        uint32_t offset = source - FUZZ_BASE + 4 * k;
        put(ram, offset < FUZZ_RAM - 4 ? offset : DATA, &spikes, 1);
    }
    for (uint32_t k = 0; k < 2; k++) {
        uint32_t m = 1 + below(70), profile = below(3), kv = below(4097) << 16, streams = below(2);
        uint32_t stride = streams ? 4 * ((m + 31) / 32) : 0;
        uint32_t p[16] = {0x4E4D0101, m, profile | (streams ? 2u << 10 : 0), 8 * below(3), profile ? kv : 0, below(16),
                          below(3), 0, below(400), 0, pointer(4), 0, pointer(4), pointer(4), stride, 0};
        p[2] |= chance(3) ? (1 + below(8)) << 16 : 0;
        p[4] |= profile == 2 ? below(4097) : 0;
        uint32_t w[16] = {0x4E4D0201, n, m, fed ? 2u << 8 : 0, below(3), pointer(4), 0, 0, 0, source};
        w[10] = fed ? 4 * ((n + 31) / 32) : 0;
        w[11] = p[12];
        put(ram, place_of(POPS, k), p, 16);
        put(ram, place_of(SYNS, k), w, 16);
        net[4 + 4 * k] = 1;
        net[5 + 4 * k] = FUZZ_BASE + place_of(SYNS, k);
        net[6 + 4 * k] = 2 | below(2) << 8;
        net[7 + 4 * k] = FUZZ_BASE + place_of(POPS, k);
        n = m;
        source = p[13];
        fed = streams;
    }
    put(ram, place_of(NETS, 0), net, 12);
}

static void make_xfer(uint8_t *ram, uint32_t k)
{
    uint32_t w[8] = {0x4E4D0501, size(), pointer(4), pointer(4), below(400)};
    put(ram, place_of(XFERS, k), w, 8);
}

/* What a case is about. */
typedef enum subject { SINGLE_OPERATIONS, LAYERS, CHAIN } subject;

static void make_ram(uint8_t *ram, subject about)
{
    uint32_t sparse = below(4);
    for (uint32_t k = 0; k < FUZZ_RAM; k += 4) {
        uint32_t word = sparse == 0 ? any() : chance(1 + 2 * sparse) ? any() & any() & 0x03030303 : 0;
        memcpy(ram + k, &word, 4);
    }
    for (uint32_t k = 0; k < KINDS; k++) {
        make_pop(ram, k);
    }
    for (uint32_t k = 0; k < KINDS; k++) {
        make_syn(ram, k);
        make_rule(ram, k);
    }
    for (uint32_t k = 0; k < 2; k++) {
        make_net(ram, k);
        make_xfer(ram, k);
    }
    if (about == LAYERS) {
        make_layers(ram);
    } else if (about == CHAIN) {
        make_chain(ram);
    }
    for (uint32_t k = chance(2) ? 0 : below(6); k > 0; k--) { /* mutations */
        uint32_t place = POPS + below(DATA - POPS);
        uint32_t value = chance(2) ? any() : ram[place] ^ 1u << below(8);
        ram[place] = (uint8_t)value;
    }
}

static fuzz_command make_command(void)
{
    static const uint32_t areas[18] = {NETS, SYNS, SYNS, POPS, RULES, POPS, DATA, DATA, DATA,
                                       XFERS, XFERS, NETS, DATA, DATA, DATA, DATA, DATA, DATA};
    static const uint16_t csrs[] = {0x7C0, 0x7C3, 0x7C5, 0x800, 0x801, 0x802, 0x803, 0x804, 0x805, 0x806,
                                    0x808, 0x809, 0x80A, 0x80B, 0x810, 0x811, 0x812, 0x813, 0x815};
    fuzz_command command = {.what = (uint8_t)below(18), .repeats = (uint8_t)(any() & 0x7F)};
    uint32_t area = areas[command.what];
    if (chance(6)) {
        command.what = 0xF0;
        command.csr = csrs[below(sizeof csrs / sizeof csrs[0])];
        command.rs1 = chance(2) ? below(16) : any();
        return command;
    }
    if (chance(6)) {
        command.what = 0xE0;
        command.csr = (uint16_t)any();
        command.rs1 = any() >> below(32);
        command.rs2 = any() >> below(32);
        return command;
    }
    if (command.what == 15) { /* nm.check of anything */
        static const uint32_t all[5] = {POPS, SYNS, RULES, NETS, XFERS};
        area = all[below(5)];
    }
    command.rs1 = area == DATA ? pointer(16) : descriptor(area);
    command.rs2 = chance(3) ? any() : command.what == 1 || command.what == 2 ? 0 : below(4);
    return command;
}

/* Write a case as a file of the directory; false if that fails. */
static int write_case(const char *directory, unsigned long seed, const uint8_t *input, size_t length)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/seed-%lu", directory, seed) >= (int)sizeof path) {
        return 0;
    }
    FILE *file = fopen(path, "wb");
    int good = file && fwrite(input, 1, length, file) == length;
    return file && fclose(file) == 0 && good;
}

/* Make the case of a seed; gives its length. */
static size_t make_case(uint8_t *input, unsigned long seed)
{
    enum { CHAIN_COMMANDS = 6 };
    seeded_state = (uint32_t)seed * 2654435761u | 1;
    subject about = chance(2) ? SINGLE_OPERATIONS : chance(2) ? LAYERS : CHAIN;
    uint32_t count = about == CHAIN ? CHAIN_COMMANDS + below(8) : FUZZ_MOST_COMMANDS;
    input[0] = (uint8_t)count;
    input[1] = (uint8_t)(seed & 0x7F);
    input[2] = chance(2) ? (uint8_t)any() : 0;
    input[3] = (uint8_t)(chance(16) ? below(8) : 8 * below(4));
    input[3] &= about == LAYERS ? (uint8_t)~8 : 31; /* who logs spikes goes step by step */
    for (uint32_t k = 0; k < count; k++) {
        fuzz_command command = make_command();
        if (about == LAYERS && k == 0) {
            command = (fuzz_command){.what = 0, .repeats = 0x40, .rs1 = FUZZ_BASE + NETS, .rs2 = 8 + below(32)};
        } else if (about == CHAIN && k < CHAIN_COMMANDS) {
            command = make_chain_command(k);
        }
        memcpy(input + 4 + k * sizeof command, &command, sizeof command);
    }
    make_ram(input + 4 + count * sizeof(fuzz_command), about);
    return 4 + count * sizeof(fuzz_command) + FUZZ_RAM;
}

static volatile unsigned long seed;

static void tell_seed(int number)
{
    fprintf(stderr, "in case %lu\n", seed);
    signal(number, SIG_DFL);
}

int main(int argc, char **argv)
{
    static uint8_t input[4 + FUZZ_MOST_COMMANDS * sizeof(fuzz_command) + FUZZ_RAM];
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: %s FIRST_SEED COUNT [DIRECTORY]\n", argv[0]);
        return 2;
    }
    LLVMFuzzerInitialize(&argc, &argv);
    signal(SIGABRT, tell_seed);
    unsigned long first = strtoul(argv[1], NULL, 10), count = strtoul(argv[2], NULL, 10);
    for (seed = first; seed < first + count; seed++) {
        size_t length = make_case(input, seed);
        if (argc == 3) {
            LLVMFuzzerTestOneInput(input, length);
        } else if (!write_case(argv[3], seed, input, length)) {
            fprintf(stderr, "%s: cannot write case %lu to %s\n", argv[0], seed, argv[3]);
            return 1;
        }
    }
    printf("%lu cases from seed %lu\n", count, first);
    return 0;
}
