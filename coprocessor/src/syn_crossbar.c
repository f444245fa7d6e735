/* Crossbars (format 6) in bulk. Weights that draw nothing: how many rows of each type reach a neuron, times its weight for
   the type. Weights that draw: synapse by synapse in the order of rows and neurons. */
#include "syn_bulk.h"

enum { TYPES = 4, MOST = 256, DRAWS = 1 << 9, FEW_ROWS = 4 };

static uint32_t word_of(const nm_bulk *b, uint32_t j, uint32_t type)
{
    return nm_get16(b->crossbar.words + 8 * (size_t)j + 2 * (size_t)type);
}

/* The weight of a word that draws nothing, modulo 2^32; 0 for others. */
static uint32_t sure_weight(uint32_t word) { return word & DRAWS ? 0 : nm_u32(nm_s9(word)); }

/* Whether any weight draws. */
static bool draws(const uint8_t *words, uint32_t m)
{
    uint64_t together = 0;
    for (uint32_t j = 0; j < m; j++) {
        uint64_t four;
        memcpy(&four, words + 8 * (size_t)j, sizeof four);
        together |= four;
    }
    return (together & UINT64_C(0x0001000100010001) * DRAWS) != 0;
}

bool nm_find_crossbar(const nm_coprocessor *c, nm_bulk *b)
{
    const nm_syn *syn = &b->entry->syn;
    b->rows.pitch = nm_pitch(syn->m, 1);
    b->rows.weights = nm_find_table(c, b, syn->weights, (uint64_t)b->rows.pitch * syn->n);
    b->crossbar = (nm_crossbar){.types = nm_find_table(c, b, syn->rows, syn->n),
                                .words = nm_find_table(c, b, syn->columns, UINT64_C(8) * syn->m)};
    if (!b->rows.weights || !b->crossbar.types || !b->crossbar.words) {
        return false;
    }
    b->crossbar.any_draws = draws(b->crossbar.words, syn->m);
    for (uint32_t j = 0; b->crossbar.any_draws && j < syn->m; j++) {
        for (uint32_t type = 0; type < TYPES; type++) {
            b->crossbar.draws[type][j / 32] |= (word_of(b, j, type) / DRAWS & 1) << j % 32;
        }
    }
    return true;
}

uint32_t nm_good_crossbar_rows(const nm_bulk *b, uint32_t count)
{
    uint32_t good = 0;
    while (good < count && b->crossbar.types[b->rows.row[good]] < TYPES) {
        good++;
    }
    return good;
}

static uint32_t bits_of(const nm_bulk *b, uint32_t row, uint32_t g)
{
    return nm_get32(b->rows.weights + b->rows.pitch * row + 4 * (size_t)g) & nm_valid_bits(b->rows.m, g);
}

static void add_to(uint8_t *cur, uint32_t j, uint32_t amount)
{
    nm_put32(cur + 4 * (size_t)j, nm_get32(cur + 4 * (size_t)j) + amount);
}

static void add_row(const nm_bulk *b, uint8_t *cur, uint32_t row)
{
    uint32_t type = b->crossbar.types[row];
    for (uint32_t g = 0; g < nm_words(b->rows.m); g++) {
        for (uint32_t left = bits_of(b, row, g); left; left &= left - 1) {
            uint32_t j = 32 * g + (uint32_t)__builtin_ctz(left);
            add_to(cur, j, sure_weight(word_of(b, j, type)) << b->rows.shift);
        }
    }
}

void nm_add_crossbar(const nm_coprocessor *c, const nm_bulk *b, const nm_rows *rows)
{
    if (rows->count < FEW_ROWS) {
        for (uint32_t k = 0; k < rows->count; k++) {
            add_row(b, rows->cur, rows->row[k]);
        }
        return;
    }
    /* As binary weights, a row counts +1 for a neuron it reaches and -1 for others. */
    uint32_t sum[TYPES][MOST] = {{0}}, count[TYPES] = {0};
    for (uint32_t type = 0; type < TYPES; type++) {
        uint16_t of_type[MOST];
        for (uint32_t first = 0; first < rows->count;) {
            uint32_t found = 0;
            for (; first < rows->count && found < MOST; first++) {
                of_type[found] = rows->row[first];
                found += b->crossbar.types[rows->row[first]] == type;
            }
            nm_rows some = *rows;
            some.cur = (uint8_t *)sum[type];
            some.row = of_type;
            some.count = found;
            some.shift = 0;
            c->kernels->add_rows[NM_BINARY](&some);
            count[type] += found;
        }
    }
    for (uint32_t j = 0; j < rows->m; j++) {
        uint32_t total = 0;
        for (uint32_t type = 0; type < TYPES; type++) {
            total += (sum[type][j] + count[type]) / 2 * sure_weight(word_of(b, j, type));
        }
        add_to(rows->cur, j, total << rows->shift);
    }
}

void nm_draw_crossbar(nm_coprocessor *c, const nm_bulk *b, uint32_t count)
{
    const nm_syn *syn = &b->entry->syn;
    uint32_t delay = c->user[NM_USER_T] + syn->fixed_delay;
    for (uint32_t k = 0; b->crossbar.any_draws && k < count; k++) {
        uint32_t row = b->rows.row[k], type = b->crossbar.types[row];
        size_t slot = b->delays ? (delay + b->delays[row]) & (syn->depth - 1) : 0;
        uint8_t *cur = b->written + 4 * slot * syn->m;
        for (uint32_t g = 0; g < nm_words(syn->m); g++) {
            for (uint32_t left = bits_of(b, row, g) & b->crossbar.draws[type][g]; left; left &= left - 1) {
                uint32_t j = 32 * g + (uint32_t)__builtin_ctz(left);
                add_to(cur, j, nm_u32(nm_kernel_tnw(nm_rng(c), word_of(b, j, type))) << syn->exponent);
            }
        }
    }
}

nm_row_totals nm_crossbar_totals(const nm_coprocessor *c, const nm_bulk *b, uint32_t count)
{
    nm_row_totals totals = {0, 0, 0};
    for (uint32_t k = 0; k < count; k++) {
        uint32_t sop = 0;
        for (uint32_t g = 0; g < nm_words(b->rows.m); g++) {
            sop += nm_popcount(bits_of(b, b->rows.row[k], g));
        }
        totals.sop += sop;
        totals.cycles += 4 + nm_lane_cycles(c, sop);
    }
    totals.bytes = count * (b->rows.pitch + 1) + 2 * totals.sop;
    return totals;
}
