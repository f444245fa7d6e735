/* One active row of a projection (specification 6.4, 6.5, 7.4).
   Each format first makes sure that every access of the row succeeds: quickly by whole ranges, else access by access in
   the order of the specification, which finds the first fault. Then it accumulates; nothing can fail any more.
   SIMD kernels belong beside `accumulate_dense`. */
#include "engine.h"
#include "weights.h"

/* What the row needs, computed once. */
typedef struct row_of {
    const nm_syn *syn;
    uint32_t row;   /* i */
    uint32_t scale; /* g * 2^WEXP modulo 2^32 */
    uint32_t delay; /* DFIX plus the delay of the source */
    uint32_t t;
} row_of;

static uint32_t slot_address(const row_of *r, uint32_t extra_delay, uint32_t j)
{
    uint32_t slot = (r->t + r->delay + extra_delay) & (r->syn->depth - 1);
    return r->syn->cur + 4 * (slot * r->syn->m + j);
}

static void add_at(nm_coprocessor *c, uint32_t address, uint32_t amount)
{
    uint8_t *host = nm_host(c, address, 4);
    if (host) {
        nm_add32(host, amount);
    }
}

/* Note the stores of a row: the whole ring if delays differ, else the slot. */
static void note_stores(nm_coprocessor *c, const row_of *r)
{
    if (r->syn->delay == NM_DELAY_PER_SYNAPSE) {
        nm_wrote(c, r->syn->cur, UINT64_C(4) * r->syn->depth * r->syn->m);
    } else {
        nm_wrote(c, slot_address(r, 0, 0), UINT64_C(4) * r->syn->m);
    }
}

static nm_status finish(nm_coprocessor *c, const row_of *r, uint64_t sop, uint64_t weight_bytes, uint64_t delay_bytes)
{
    note_stores(c, r);
    uint64_t delays = r->syn->delay == NM_DELAY_PER_SYNAPSE ? delay_bytes : r->syn->delay == NM_DELAY_PER_SOURCE;
    nm_count(c, NM_SOP, sop);
    nm_count(c, NM_SPKIN, 1);
    nm_count(c, NM_RDB, weight_bytes + delays + 4 * sop);
    nm_count(c, NM_WRB, 4 * sop);
    nm_count_cycles(c, 4 + nm_lane_cycles(c, sop));
    return NM_OK;
}

/* The delay nibble `index` of a table, which must be loadable and leave the delay inside the ring. */
static nm_status check_nibble(nm_coprocessor *c, const row_of *r, uint32_t table, uint64_t index)
{
    uint32_t place = table + (uint32_t)(index / 2);
    const uint8_t *host = nm_span(c, NM_LOAD_FAULT, place, 1, 1);
    if (!host) {
        return NM_FAULT;
    }
    uint32_t d = (uint32_t)*host >> 4 * (index & 1) & 0xF;
    return r->delay + d < r->syn->depth ? NM_OK : nm_fail(c, NM_LIMIT, place);
}

static uint32_t nibble(const nm_coprocessor *c, uint32_t table, uint64_t index)
{
    return nm_peek8(c, table + (uint32_t)(index / 2)) >> 4 * (index & 1) & 0xF;
}

/* ---- formats 0 to 3 ---- */

static inline void accumulate(uint8_t *cur, const uint8_t *weights, uint32_t format, uint32_t m, uint32_t scale)
{
    for (uint32_t j = 0; j < m; j++) {
        nm_add32(cur + 4 * (size_t)j, nm_dense_weight(weights, format, j) * scale);
    }
}

/* Format 0 with scale 2^shift, the usual case, in a form that compilers turn into vector code. */
static void accumulate_s8(uint8_t *cur, const uint8_t *weights, uint32_t m, unsigned shift)
{
    for (uint32_t j = 0; j < m; j++) {
        nm_add32(cur + 4 * (size_t)j, (uint32_t)(int8_t)weights[j] << shift);
    }
}

/* cur[j] += weight j * scale for a whole row; cur and weights are m elements inside RAM. */
static void accumulate_dense(uint8_t *cur, const uint8_t *weights, uint32_t format, uint32_t m, uint32_t scale)
{
    switch (format) {
    case NM_S8:
        if (nm_popcount(scale) == 1) {
            accumulate_s8(cur, weights, m, (unsigned)__builtin_ctz(scale));
        } else {
            accumulate(cur, weights, NM_S8, m, scale);
        }
        break;
    case NM_S4: accumulate(cur, weights, NM_S4, m, scale); break;
    case NM_S2: accumulate(cur, weights, NM_S2, m, scale); break;
    default: accumulate(cur, weights, NM_BINARY, m, scale); break;
    }
}

static nm_status check_dense(nm_coprocessor *c, const row_of *r, uint32_t weights, uint32_t delays)
{
    const nm_syn *syn = r->syn;
    bool per_synapse = syn->delay == NM_DELAY_PER_SYNAPSE;
    for (uint32_t j = 0; j < syn->m; j++) {
        if (!nm_loadable(c, weights + 4 * (j * nm_weight_bits[syn->format] / 32), 4) ||
            (per_synapse && check_nibble(c, r, delays, j) != NM_OK) ||
            !nm_loadable(c, slot_address(r, per_synapse ? nibble(c, delays, j) : 0, j), 4)) {
            return NM_FAULT;
        }
    }
    return NM_OK;
}

static nm_status dense_row(nm_coprocessor *c, const row_of *r)
{
    const nm_syn *syn = r->syn;
    uint32_t m = syn->m, pitch = nm_pitch(m, nm_weight_bits[syn->format]), delay_pitch = nm_pitch(m, 4);
    uint32_t weights = syn->weights + r->row * pitch, delays = syn->delays + r->row * delay_pitch;
    const uint8_t *row = nm_host(c, weights, pitch);
    if (syn->delay != NM_DELAY_PER_SYNAPSE) {
        uint8_t *cur = nm_host(c, slot_address(r, 0, 0), UINT64_C(4) * m);
        if (!row || !cur) {
            return check_dense(c, r, weights, delays);
        }
        accumulate_dense(cur, row, syn->format, m, r->scale);
    } else {
        if (check_dense(c, r, weights, delays) != NM_OK || !row) {
            return NM_FAULT;
        }
        for (uint32_t j = 0; j < m; j++) {
            add_at(c, slot_address(r, nibble(c, delays, j), j), nm_dense_weight(row, syn->format, j) * r->scale);
        }
    }
    return finish(c, r, m, pitch, delay_pitch);
}

/* ---- format 4 ---- */

/* Whether all columns are < m; `columns` holds `count` of them. */
static bool columns_inside(const uint8_t *columns, uint64_t count, uint32_t m)
{
    uint32_t largest = 0;
    for (uint64_t e = 0; e < count; e++) {
        uint32_t j = nm_get16(columns + 2 * e);
        largest = j > largest ? j : largest;
    }
    return largest < m;
}

static nm_status check_sparse(nm_coprocessor *c, const row_of *r, uint32_t first, uint32_t last)
{
    const nm_syn *syn = r->syn;
    bool per_synapse = syn->delay == NM_DELAY_PER_SYNAPSE;
    for (uint64_t e = first; e < last; e++) {
        uint32_t place = syn->columns + (uint32_t)(2 * e);
        if (!nm_loadable(c, place, 2)) {
            return NM_FAULT;
        }
        uint32_t j = nm_peek16(c, place);
        if (j >= syn->m) {
            return nm_fail(c, NM_BAD, place);
        }
        if (!nm_loadable(c, syn->weights + (uint32_t)e, 1) ||
            (per_synapse && check_nibble(c, r, syn->delays, e) != NM_OK) ||
            !nm_loadable(c, slot_address(r, per_synapse ? nibble(c, syn->delays, e) : 0, j), 4)) {
            return NM_FAULT;
        }
    }
    return NM_OK;
}

static nm_status sparse_row(nm_coprocessor *c, const row_of *r)
{
    const nm_syn *syn = r->syn;
    const uint8_t *bounds = nm_span(c, NM_LOAD_FAULT, syn->rows + 4 * r->row, 2, 4);
    if (!bounds) {
        return NM_FAULT;
    }
    uint32_t first = nm_get32(bounds), last = nm_get32(bounds + 4), m = syn->m;
    if (last < first) {
        return nm_fail(c, NM_BAD, syn->rows + 4 * (r->row + 1));
    }
    uint64_t count = last - first;
    const uint8_t *columns = nm_host(c, syn->columns + 2 * first, 2 * count);
    const uint8_t *weights = nm_host(c, syn->weights + first, count);
    bool uniform = syn->delay != NM_DELAY_PER_SYNAPSE;
    uint8_t *cur = uniform ? nm_host(c, slot_address(r, 0, 0), UINT64_C(4) * m) : NULL;
    if (!columns || !weights || !cur || !columns_inside(columns, count, m)) {
        if (check_sparse(c, r, first, last) != NM_OK || (count && (!columns || !weights))) {
            return NM_FAULT;
        }
    }
    for (uint64_t e = 0; e < count; e++) {
        uint32_t j = nm_get16(columns + 2 * e);
        uint32_t amount = (uint32_t)(int8_t)weights[e] * r->scale;
        if (cur && j < m) {
            nm_add32(cur + 4 * (size_t)j, amount);
        } else {
            add_at(c, slot_address(r, uniform ? 0 : nibble(c, syn->delays, first + e), j), amount);
        }
    }
    return finish(c, r, count, 8 + 3 * count, nm_ceil_div(count, 2));
}

/* ---- format 5 ---- */

/* One kernel position that meets the output: a run of weights and of accumulators. */
typedef struct run_of {
    uint32_t weights, cur, count;
} run_of;

/* The run for (ky, kx); false if it falls outside the output or between strides. */
static bool conv_run(const row_of *r, uint32_t ky, uint32_t kx, run_of *run)
{
    const nm_syn *syn = r->syn;
    uint32_t in = syn->conv.channels_in, kernel = syn->conv.kernel, stride = syn->conv.stride;
    uint32_t c = r->row % in, x = r->row / in % syn->conv.width, y = r->row / in / syn->conv.width;
    if (y + syn->conv.padding < ky || x + syn->conv.padding < kx) {
        return false;
    }
    uint32_t dy = y + syn->conv.padding - ky, dx = x + syn->conv.padding - kx;
    uint32_t oy = dy / stride, ox = dx / stride;
    if (dy % stride || dx % stride || oy >= syn->conv.output_height || ox >= syn->conv.output_width) {
        return false;
    }
    uint32_t out = syn->conv.channels_out, position = (c * kernel + ky) * kernel + kx;
    uint32_t pixel = (oy * syn->conv.output_width + ox) * out;
    bool depthwise = syn->conv.depthwise;
    run->weights = syn->weights + position * (depthwise ? 4 : 4 * ((out + 3) / 4));
    run->cur = slot_address(r, 0, pixel + (depthwise ? c : 0));
    run->count = depthwise ? 1 : out;
    return true;
}

static nm_status check_run(nm_coprocessor *c, const run_of *run)
{
    if (nm_host(c, run->weights, run->count) && nm_host(c, run->cur, UINT64_C(4) * run->count)) {
        return NM_OK;
    }
    for (uint32_t k = 0; k < run->count; k++) {
        if (!nm_loadable(c, run->weights + k, 1) || !nm_loadable(c, run->cur + 4 * k, 4)) {
            return NM_FAULT;
        }
    }
    return NM_OK;
}

static nm_status conv_row(nm_coprocessor *c, const row_of *r)
{
    uint32_t kernel = r->syn->conv.kernel, sop = 0;
    run_of run;
    for (uint32_t k = 0; k < kernel * kernel; k++) {
        if (conv_run(r, k / kernel, k % kernel, &run)) {
            if (check_run(c, &run) != NM_OK) {
                return NM_FAULT;
            }
            sop += run.count;
        }
    }
    for (uint32_t k = 0; k < kernel * kernel; k++) {
        if (conv_run(r, k / kernel, k % kernel, &run)) {
            const uint8_t *weights = nm_host(c, run.weights, run.count);
            uint8_t *cur = nm_host(c, run.cur, UINT64_C(4) * run.count);
            if (weights && cur) {
                accumulate_dense(cur, weights, NM_S8, run.count, r->scale);
            }
        }
    }
    return finish(c, r, sop, sop, 0);
}

/* ---- format 6 ---- */

static nm_status crossbar_row(nm_coprocessor *c, const row_of *r)
{
    const nm_syn *syn = r->syn;
    uint32_t place = syn->rows + r->row, bits_row = syn->weights + r->row * nm_pitch(syn->m, 1), sop = 0;
    const uint8_t *host = nm_span(c, NM_LOAD_FAULT, place, 1, 1);
    if (!host) {
        return NM_FAULT;
    }
    uint32_t type = *host, bits[8] = {0};
    if (type > 3) {
        return nm_fail(c, NM_BAD, place);
    }
    for (uint32_t j = 0; j < syn->m; j++) {
        if (j % 32 == 0) {
            const uint8_t *word = nm_span(c, NM_LOAD_FAULT, bits_row + 4 * (j / 32), 1, 4);
            if (!word) {
                return NM_FAULT;
            }
            bits[j / 32] = nm_get32(word) & nm_valid_bits(syn->m, j / 32);
        }
        if (bits[j / 32] >> j % 32 & 1) {
            if (!nm_loadable(c, syn->columns + 2 * (4 * j + type), 2) || !nm_loadable(c, slot_address(r, 0, j), 4)) {
                return NM_FAULT;
            }
            sop++;
        }
    }
    for (uint32_t g = 0; g < nm_words(syn->m); g++) {
        for (uint32_t left = bits[g]; left; left &= left - 1) {
            uint32_t j = 32 * g + (uint32_t)__builtin_ctz(left);
            int64_t w = nm_kernel_tnw(nm_rng(c), nm_peek16(c, syn->columns + 2 * (4 * j + type)));
            add_at(c, slot_address(r, 0, j), nm_u32(w) * r->scale);
        }
    }
    return finish(c, r, sop, nm_pitch(syn->m, 1) + 1 + 2 * sop, 0);
}

/* ---- format 7 ---- */

static nm_status one_to_one_row(nm_coprocessor *c, const row_of *r)
{
    const nm_syn *syn = r->syn;
    uint32_t w = 1;
    if (syn->weights) {
        const uint8_t *host = nm_span(c, NM_LOAD_FAULT, syn->weights + r->row, 1, 1);
        if (!host) {
            return NM_FAULT;
        }
        w = (uint32_t)(int8_t)*host;
    }
    uint8_t *cur = nm_span(c, NM_LOAD_FAULT, slot_address(r, 0, r->row), 1, 4);
    if (!cur) {
        return NM_FAULT;
    }
    nm_add32(cur, w * r->scale);
    return finish(c, r, 1, syn->weights != 0, 0);
}

nm_status nm_syn_row(nm_coprocessor *c, const nm_syn *syn, uint32_t row, uint32_t g)
{
    row_of r = {syn, row, g << syn->exponent, syn->fixed_delay, c->user[NM_USER_T]};
    if (syn->delay == NM_DELAY_PER_SOURCE) {
        uint32_t place = syn->delays + row;
        const uint8_t *host = nm_span(c, NM_LOAD_FAULT, place, 1, 1);
        if (!host) {
            return NM_FAULT;
        }
        r.delay += *host;
        if (r.delay >= syn->depth) {
            return nm_fail(c, NM_LIMIT, place);
        }
    }
    switch (syn->format) {
    case NM_CSR: return sparse_row(c, &r);
    case NM_CONV: return conv_row(c, &r);
    case NM_CROSSBAR: return crossbar_row(c, &r);
    case NM_ONE_TO_ONE: return one_to_one_row(c, &r);
    default: return dense_row(c, &r);
    }
}
