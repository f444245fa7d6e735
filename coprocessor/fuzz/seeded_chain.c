/* Networks with a chain: LI populations whose outputs are added to the input of a LIF or CUBA population, of any size, with
   sparse synapses from its spikes. Values are of all magnitudes; some lie where short forms stop being exact. */
#include "seeded.h"

enum { LI = 6, LIF = 1, CUBA = 2, CSR = 4, SYN = 1, UPD = 2, OUT = 1 << 8, DOUBLE = 1, STREAM = 2, PREVIOUS = 3 };
enum { LARGEST = 0x7FFFFFFF, MOST_ENTRIES = 12 };

/* What is made. Offsets count from the start of RAM. */
typedef struct chain {
    uint8_t *ram;
    uint32_t n, next; /* next: the first byte of data that is free */
    uint32_t output, output_mode, source, source_mode, stride;
    uint32_t entries, pops, syns;
    uint32_t net[4 + 2 * MOST_ENTRIES];
} chain;

/* Offset of fresh data; 0 if there is no room. */
static uint32_t take(chain *c, uint32_t bytes)
{
    bytes = (bytes + 3) & ~3u;
    if (bytes > FUZZ_RAM - c->next) {
        return 0;
    }
    c->next += bytes;
    return c->next - bytes;
}

static uint32_t negated(uint32_t x) { return below(2) ? 0 - x : x; }

/* Fill an array of a population that keeps k/4096: small numbers, some of any magnitude, or some close to where the
   product with 4096 - k leaves 32 bits. */
static void fill(chain *c, uint32_t offset, uint32_t count, uint32_t k)
{
    uint32_t limit = k < 4096 ? 0x80000000u / (4096 - k) : LARGEST, kind = below(4), often = chance(4) ? 1 : 2 + below(40);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t x = below(1000);
        if (kind == 1 && chance(often)) {
            x = any() >> below(32);
        } else if (kind == 2 && chance(often)) {
            x = limit - below(limit / 4 + 1) + (chance(8) ? below(limit / 4 + 1) : 0);
        } else if (kind == 3 && chance(often)) {
            x = limit / (2 + below(30));
        }
        x = negated(x > LARGEST ? LARGEST : x);
        put(c->ram, offset + 4 * i, &x, 1);
    }
}

static uint32_t retention(void)
{
    static const uint32_t usual[8] = {2048, 3000, 3657, 3686, 4055, 4076, 4095, 4096};
    return chance(30) ? below(8192) : chance(2) ? 2048 + below(2049) : usual[below(8)];
}

static uint32_t rounding(void) { return chance(16) ? any() & 0x7E7 : 1 + chance(3) + 4 * below(2); }

/* An array, at times one that another one lies in. */
static uint32_t array(chain *c, uint32_t bytes)
{
    uint32_t offset = take(c, bytes);
    return offset && !chance(60) ? offset : DATA + 4 * below((FUZZ_RAM - DATA) / 4 - bytes / 4);
}

static void add_entry(chain *c, uint32_t operation, uint32_t place)
{
    c->net[4 + 2 * c->entries] = operation;
    c->net[5 + 2 * c->entries++] = FUZZ_BASE + place;
}

/* A population; its input is at `cur`. Gives the offset of its state. */
static uint32_t add_pop(chain *c, uint32_t profile, uint32_t cur, uint32_t acc, uint32_t refractory)
{
    uint32_t kv = retention(), ku = profile == CUBA ? retention() : 0, n = c->n;
    uint32_t counters = refractory != 0, words = 1 + (profile == CUBA), state = array(c, 4 * n * (words + counters));
    uint32_t bias = chance(2) ? 0 : negated(chance(20) ? any() >> below(32) : below(300));
    uint32_t bar = chance(3) ? any() >> (1 + below(31)) : 100 + below(3000);
    uint32_t w[16] = {0x4E4D0101, n, profile | refractory << 16, rounding(), kv << 16 | ku, bias};
    w[8] = chance(40) ? 0 - below(20) : bar;
    w[9] = chance(2) ? 0 : 0 - (chance(4) ? bar : below(500));
    w[10] = FUZZ_BASE + state;
    w[12] = FUZZ_BASE + cur;
    w[15] = acc;
    if (acc == 0) {
        w[2] |= c->output_mode << 10;
        w[13] = c->output ? FUZZ_BASE + c->output : 0;
        w[14] = c->output && c->output_mode ? c->stride : 0;
    }
    if (profile == CUBA) {
        fill(c, state, n, ku);
    }
    fill(c, state + 4 * n * (words - 1), n, kv);
    for (uint32_t i = 0, odd = chance(20); counters && i < n; i++) {
        uint32_t held = odd && chance(9) ? any() >> below(32) : chance(3) ? below(refractory + 1) : 0;
        put(c->ram, state + 4 * (n * words + i), &held, 1);
    }
    put(c->ram, place_of(POPS, c->pops), w, 16);
    add_entry(c, UPD | (acc == 0 && !chance(4) ? OUT : 0), place_of(POPS, c->pops++));
    return state;
}

/* Sparse rows, mostly of columns that ascend, to the input at `cur`. */
static void add_rows(chain *c, uint32_t cur)
{
    uint32_t n = c->n, longest = 2 + below(chance(4) ? 12 : 3), ascends = !chance(4), equal = below(2), count = 0;
    uint32_t rows = take(c, 4 * (n + 1)), columns = take(c, 2 * longest * n), weights = take(c, longest * n);
    if (!rows || !columns || !weights) {
        return;
    }
    for (uint32_t i = 0; i <= n; i++) {
        uint32_t elements = i < n ? below(longest) : 0, j = below(n), weight = any();
        put(c->ram, rows + 4 * i, &count, 1);
        for (uint32_t e = count; e < count + elements && j < n; e++) {
            uint16_t column = (uint16_t)(chance(4000) ? n : j);
            memcpy(c->ram + columns + 2 * e, &column, 2);
            c->ram[weights + e] = (uint8_t)(equal ? weight : any());
            j = ascends ? j + 1 + below(4) : below(n);
            elements = ascends && j >= n ? e + 1 - count : elements;
        }
        count += elements;
    }
    uint32_t fixed = chance(4); /* spikes that stay */
    uint32_t source = fixed ? DATA + 4 * below((FUZZ_RAM - DATA) / 4 - (n + 31) / 32) : c->source;
    uint32_t w[16] = {0x4E4D0201, n, n, CSR | (fixed ? 0 : c->source_mode << 8), below(chance(6) ? 25 : 9)};
    w[5] = FUZZ_BASE + weights;
    w[6] = FUZZ_BASE + rows;
    w[7] = FUZZ_BASE + columns;
    w[9] = FUZZ_BASE + source;
    w[10] = w[3] >> 8 ? c->stride : 0;
    w[11] = FUZZ_BASE + cur;
    put(c->ram, place_of(SYNS, c->syns), w, 16);
    add_entry(c, SYN, place_of(SYNS, c->syns++));
}

/* Address of some words, maybe of those of the chain. */
static uint32_t some_words(const chain *c, uint32_t n)
{
    uint32_t used = (chance(2) ? c->next - DATA : FUZZ_RAM - DATA) / 4;
    return FUZZ_BASE + DATA + 4 * below(used > n ? used - n : 1);
}

/* Somebody else who reads and writes some words; or any of the other descriptors. */
static void disturb(chain *c)
{
    uint32_t n = 1 + below(40), place = place_of(POPS, c->pops);
    uint32_t w[16] = {0x4E4D0101, n, chance(2) ? LI : LIF, 1, 4096u << 16};
    w[10] = some_words(c, n);
    w[12] = chance(4) ? some_words(c, n) : w[10] + 4 * n;
    w[13] = chance(2) ? some_words(c, n) : 0;
    w[15] = chance(2) ? some_words(c, n) : 0;
    if (chance(3)) {
        uint32_t operation = 1 + below(2);
        add_entry(c, operation, place_of(operation == SYN ? SYNS : POPS, below(KINDS)));
    } else {
        put(c->ram, place, w, 16);
        add_entry(c, UPD, place);
    }
}

/* Spikes go to a plain buffer, to one of two in turn, or to one of each step; synapses read those of the step before. */
static void place_output(chain *c)
{
    uint32_t bytes = 4 * ((c->n + 31) / 32), kind = below(3);
    c->stride = bytes;
    c->output_mode = kind == 1 ? DOUBLE : kind == 2 ? STREAM : 0;
    c->source_mode = kind == 1 ? PREVIOUS : c->output_mode;
    c->source = take(c, bytes * (kind == 2 ? SEEDED_CHAIN_STEPS + 1 : 1 + kind));
    c->output = kind == 2 ? c->source + bytes : c->source;
    c->output = chance(8) ? 0 : c->output;
}

static uint32_t neurons(void) { return chance(8) ? 481 + below(160) : 1 + below(chance(3) ? 170 : 70); }

/* Put another one first, with those behind it. */
static void rotate(chain *c, uint32_t by)
{
    uint32_t net[2 * MOST_ENTRIES];
    memcpy(net, c->net + 4, sizeof net);
    for (uint32_t k = 0; k < 2 * c->entries; k++) {
        c->net[4 + k] = net[(k + 2 * by) % (2 * c->entries)];
    }
}

void make_chain(uint8_t *ram)
{
    chain c = {.ram = ram, .n = neurons(), .next = DATA, .net = {0x4E4D0401}};
    uint32_t feeders = c.n < 400 ? 1 + below(2) : 1, refractory = chance(2) ? 1 + below(chance(4) ? 255 : 20) : 0;
    uint32_t input[3], profile = chance(3) ? CUBA : LIF;
    refractory = c.n > 400 && profile == CUBA ? 0 : refractory;
    place_output(&c);
    for (uint32_t k = 0; k <= feeders; k++) {
        input[k] = array(&c, 4 * c.n);
        memset(ram + input[k], 0, 4 * c.n);
        if (chance(4)) {
            fill(&c, input[k], c.n, retention());
        }
    }
    for (uint32_t k = 0; k < feeders; k++) {
        uint32_t acc = chance(50) ? array(&c, 4 * c.n) : input[feeders];
        add_pop(&c, LI, input[k], FUZZ_BASE + acc, 0);
    }
    add_pop(&c, profile, input[feeders], 0, refractory);
    for (uint32_t k = chance(6) ? 0 : 1 + below(3); k > 0; k--) {
        add_rows(&c, input[chance(8) ? feeders : below(feeders)]);
    }
    if (chance(4)) {
        disturb(&c);
    }
    rotate(&c, chance(4) ? below(c.entries) : feeders + 1);
    c.net[1] = c.entries;
    put(ram, place_of(NETS, 0), c.net, 4 + 2 * c.entries);
}

fuzz_command make_chain_command(uint32_t k)
{
    if (k % 2 == 0) {
        uint32_t slice = chance(2) ? 0 : below(chance(2) ? 1000 : 100);
        return (fuzz_command){.what = 0xF0, .csr = 0x7C3, .rs1 = slice};
    }
    uint32_t many = !chance(6);
    return (fuzz_command){.what = 0, .repeats = (uint8_t)((many ? 0x40 : 0xF8) | below(8)), .rs1 = FUZZ_BASE + NETS,
                          .rs2 = many ? 12 + below(28) : 60 + below(196)};
}
