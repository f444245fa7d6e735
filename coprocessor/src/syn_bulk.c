/* The syn operation on whole lists of active rows: the usual case, in which everything it touches is RAM and the
   accumulators overlap nothing that is read. Everything else goes row by row: syn.c, syn_row.c.
   A format is bulk work once `tables_of` finds its tables, `add_rows` has a kernel for it and `totals_of` counts it. */
#include "ready.h"
#include "weights.h"

enum { MOST_SLOTS = 64, ROWS_BY_SLOT = 2048 };

static bool apart(const uint8_t *a, uint64_t a_bytes, const uint8_t *b, uint64_t b_bytes)
{
    return a + a_bytes <= b || b + b_bytes <= a;
}

const uint8_t *nm_find_table(const nm_coprocessor *c, const nm_bulk *b, uint32_t address, uint64_t bytes)
{
    const uint8_t *host = nm_host(c, address, bytes);
    return host && apart(host, bytes, b->written, b->written_bytes) ? host : NULL;
}

static bool dense_tables(const nm_coprocessor *c, nm_bulk *b)
{
    const nm_syn *syn = &b->entry->syn;
    b->rows.pitch = nm_pitch(syn->m, nm_weight_bits[syn->format]);
    b->rows.weights = nm_find_table(c, b, syn->weights, (uint64_t)b->rows.pitch * syn->n);
    if (syn->delay == NM_DELAY_PER_SYNAPSE) {
        b->delays = nm_find_table(c, b, syn->delays, (uint64_t)nm_pitch(syn->m, 4) * syn->n);
        return b->rows.weights && b->delays;
    }
    return b->rows.weights != NULL;
}

/* Find the weights; false if the operation has to go row by row. */
static bool tables_of(nm_coprocessor *c, nm_bulk *b)
{
    switch (b->entry->syn.format) {
    case NM_S8:
    case NM_S4:
    case NM_S2:
    case NM_BINARY: return dense_tables(c, b);
    case NM_CONV: return nm_find_conv(c, b);
    case NM_CSR: return nm_find_sparse(c, b);
    case NM_CROSSBAR: return nm_find_crossbar(c, b);
    default: return nm_find_one_to_one(c, b);
    }
}

/* Where accumulators and source lie. */
typedef struct reach {
    uint32_t cur, source;
    uint64_t cur_bytes, source_bytes;
} reach;

/* Find everything; false if the operation has to go row by row. */
static bool find(nm_coprocessor *c, nm_bulk *b, const reach *r)
{
    const nm_syn *syn = &b->entry->syn;
    b->place = r->cur;
    b->written_bytes = r->cur_bytes;
    b->written = nm_host(c, r->cur, r->cur_bytes);
    b->rows = (nm_rows){.cur = b->written,
                        .readable = c->ram + c->size,
                        .row = c->active,
                        .value = syn->source == NM_GRADED ? c->value : NULL,
                        .n = syn->n,
                        .m = syn->m,
                        .shift = syn->exponent};
    b->delays = NULL;
    b->source = NULL;
    return b->written &&
           (syn->delay != NM_DELAY_PER_SOURCE || (b->delays = nm_find_table(c, b, syn->delays, syn->n))) &&
           (syn->source == NM_FROM_QUEUE || (b->source = nm_find_table(c, b, r->source, r->source_bytes))) &&
           tables_of(c, b);
}

/* Whether where things lie is all that `find` finds out: lists of events differ in length, and a crossbar is looked
   into. */
static bool may_settle(const nm_syn *syn) { return syn->source != NM_AER && syn->format != NM_CROSSBAR; }

/* In this step; `events` is the length of an AER list. */
static reach reach_of_step(const nm_coprocessor *c, const nm_syn *syn, uint32_t source, uint32_t events)
{
    bool fixed = syn->delay == NM_DELAY_FIXED;
    uint32_t slot = fixed ? (c->user[NM_USER_T] + syn->fixed_delay) & (syn->depth - 1) : 0;
    reach r = {.cur = syn->cur + 4 * (slot * syn->m),
               .cur_bytes = UINT64_C(4) * syn->m * (fixed ? 1 : syn->depth),
               .source = source};
    switch (syn->source) {
    case NM_BITMAP: r.source_bytes = UINT64_C(4) * nm_words(syn->n); break;
    case NM_GRADED: r.source_bytes = UINT64_C(4) * syn->n; break;
    default:
        r.source += 4;
        r.source_bytes = UINT64_C(4) * events;
        break;
    }
    return r;
}

/* For all steps of an issue, of which `one` is one. */
static reach reach_of_run(const nm_syn *syn, const nm_step *step, const reach *one)
{
    uint32_t mode = step->source_override ? 0 : syn->source_mode;
    return (reach){.cur = syn->cur,
                   .cur_bytes = UINT64_C(4) * syn->m * syn->depth,
                   .source = step->source_override ? step->source_override : syn->source_address,
                   .source_bytes = nm_buffer_span(mode, syn->stride, one->source_bytes, step->steps)};
}

/* What the operation needs in this step; NULL if it has to go row by row. */
static nm_bulk *prepare(nm_coprocessor *c, const nm_entry *entry, const nm_step *step, uint32_t source, uint32_t events)
{
    const nm_syn *syn = &entry->syn;
    if (!nm_has_kernels(c->kernels)) {
        return NULL;
    }
    bool known;
    nm_ready *ready = nm_ready_of(c, entry, &known);
    nm_bulk *b = &ready->bulk;
    reach now = reach_of_step(c, syn, source, events);
    if (!known) {
        reach whole = reach_of_run(syn, step, &now);
        b->entry = entry;
        ready->settled = may_settle(syn) && find(c, b, &whole);
    }
    if (ready->settled) {
        b->place = now.cur;
        b->written_bytes = now.cur_bytes;
        b->written = b->rows.cur = c->ram + (now.cur - c->base);
        b->source = b->source ? c->ram + (now.source - c->base) : NULL;
    } else if (!find(c, b, &now)) {
        return NULL;
    }
    b->events = events;
    b->sparse.slot = syn->delay == NM_DELAY_FIXED ? 0 : c->user[NM_USER_T] + syn->fixed_delay;
    return b;
}

/* The first `count` rows of the list without those from the first on that has a fault. */
static uint32_t good_rows(const nm_bulk *b, uint32_t count)
{
    const nm_syn *syn = &b->entry->syn;
    uint32_t good = 0;
    while (good < count && (!b->delays || syn->fixed_delay + b->delays[b->rows.row[good]] < syn->depth)) {
        good++;
    }
    return syn->format == NM_CROSSBAR ? nm_good_crossbar_rows(b, good) : good;
}

/* Add rows that have the same accumulators. */
static void add_rows(const nm_coprocessor *c, const nm_bulk *b, const nm_rows *rows, nm_conv_work *work)
{
    uint32_t format = b->entry->syn.format;
    switch (format) {
    case NM_CONV: c->kernels->add_conv(&b->conv, rows, work); break;
    case NM_CROSSBAR: nm_add_crossbar(c, b, rows); break;
    case NM_ONE_TO_ONE: nm_add_one_to_one(rows); break;
    default: (rows->value ? c->kernels->multiply_rows : c->kernels->add_rows)[format](rows); break;
    }
}

/* The rows of the list from `first` to before `last`, at most ROWS_BY_SLOT: ordered by their slots. */
static void add_by_slot(const nm_coprocessor *c, const nm_bulk *b, uint32_t first, uint32_t last, nm_conv_work *work)
{
    const nm_syn *syn = &b->entry->syn;
    uint32_t delay = c->user[NM_USER_T] + syn->fixed_delay, end[MOST_SLOTS + 1] = {0}, value[ROWS_BY_SLOT];
    uint16_t row[ROWS_BY_SLOT];
    for (uint32_t k = first; k < last; k++) {
        end[((delay + b->delays[b->rows.row[k]]) & (syn->depth - 1)) + 1]++;
    }
    for (uint32_t slot = 1; slot < syn->depth; slot++) {
        end[slot] += end[slot - 1];
    }
    for (uint32_t k = first; k < last; k++) {
        uint32_t place = end[(delay + b->delays[b->rows.row[k]]) & (syn->depth - 1)]++;
        row[place] = b->rows.row[k];
        value[place] = b->rows.value ? b->rows.value[k] : 0;
    }
    for (uint32_t slot = 0, begin = 0; slot < syn->depth; begin = end[slot++]) {
        if (begin < end[slot]) {
            nm_rows rows = b->rows;
            rows.cur = b->written + 4 * (size_t)slot * syn->m;
            rows.row = row + begin;
            rows.value = b->rows.value ? value + begin : NULL;
            rows.count = end[slot] - begin;
            add_rows(c, b, &rows, work);
        }
    }
}

static nm_row_totals totals_of(const nm_coprocessor *c, const nm_bulk *b, uint32_t count, const nm_conv_work *work)
{
    switch (b->entry->syn.format) {
    case NM_CONV: return (nm_row_totals){work->positions * b->conv.run, work->positions * b->conv.run, work->cycles};
    case NM_CROSSBAR: return nm_crossbar_totals(c, b, count);
    case NM_ONE_TO_ONE: return nm_equal_rows(c, count, 1, b->rows.weights != NULL);
    default: return nm_equal_rows(c, count, b->rows.m, b->rows.pitch);
    }
}

/* Add and count the first `count` rows of the list; gives how many were done: all, or those before one with a fault. */
static uint32_t add(nm_coprocessor *c, const nm_bulk *b, uint32_t count)
{
    if (b->entry->syn.format == NM_CSR) {
        return nm_add_sparse(c, b, count);
    }
    if (b->entry->syn.delay == NM_DELAY_PER_SYNAPSE) {
        return nm_add_delayed(c, b, count);
    }
    uint32_t done = good_rows(b, count);
    nm_conv_work work = {0, 0};
    if (done == 0) {
        return 0;
    }
    if (b->delays) {
        for (uint32_t first = 0; first < done; first += ROWS_BY_SLOT) {
            add_by_slot(c, b, first, done - first < ROWS_BY_SLOT ? done : first + ROWS_BY_SLOT, &work);
        }
    } else {
        nm_rows rows = b->rows;
        rows.count = done;
        add_rows(c, b, &rows, &work);
    }
    if (b->entry->syn.format == NM_CROSSBAR) {
        nm_draw_crossbar(c, b, done);
    }
    nm_row_totals totals = totals_of(c, b, done, &work);
    totals.bytes += b->delays ? done : 0;
    nm_count_rows(c, b->entry, done, &totals);
    nm_wrote(c, b->place, b->written_bytes);
    return done;
}

bool nm_syn_in_bulk(nm_coprocessor *c, const nm_entry *entry, const nm_step *step, uint32_t source, uint32_t events,
                    nm_status *status)
{
    const nm_bulk *b = prepare(c, entry, step, source, events);
    if (!b) {
        return false;
    }
    *status = NM_OK;
    if (entry->syn.format == NM_ONE_TO_ONE && entry->syn.source == NM_GRADED && nm_add_graded(c, b)) {
        return true;
    }
    nm_list list;
    do {
        list = nm_list_rows(c, b);
        uint32_t may = list.count < c->units_left ? list.count : (uint32_t)c->units_left, done = add(c, b, may);
        nm_advance(c, b, list.count, done);
        if (done < list.count) {
            *status = NM_SLICE_END;
            return done == may;
        }
    } while (list.end == NM_LIST_GOES_ON);
    return list.end == NM_LIST_ENDS;
}
