/* The upd operation on whole populations by the kernels: the usual case, in which all arrays are RAM and apart from each
   other. Everything else, and what a kernel declines, goes group by group: update.c. */
#include "ready.h"

void nm_count_groups(nm_coprocessor *c, const nm_pop *pop, uint32_t groups, uint64_t count, uint32_t spikes)
{
    uint64_t written = 4 * pop->state_words + 4 + (pop->acc ? 4 : 0);
    nm_count(c, NM_NUP, count);
    nm_count(c, NM_SPKOUT, spikes);
    nm_count(c, NM_RDB, count * (written + 4 * nm_popcount(pop->replaced)));
    nm_count(c, NM_WRB, count * written + (pop->out == 0 ? 0 : pop->graded ? 4 * count : UINT64_C(4) * groups));
    nm_count_cycles(c, 2 * count);
    c->units_left -= groups;
}

/* The host address of an array if it is RAM and apart from those found before. */
typedef struct found_arrays {
    const uint8_t *begin[5], *end[5];
    uint32_t count;
} found_arrays;

static uint8_t *find(const nm_coprocessor *c, found_arrays *found, uint32_t address, uint64_t bytes)
{
    uint8_t *host = nm_host(c, address, bytes);
    for (uint32_t k = 0; host && k < found->count; k++) {
        if (host < found->end[k] && found->begin[k] < host + bytes) {
            return NULL;
        }
    }
    if (host) {
        found->begin[found->count] = host;
        found->end[found->count++] = host + bytes;
    }
    return host;
}

/* Find everything for an input at `cur` and an output at `output` that take so many bytes; false unless it is RAM and
   apart. */
static bool find_all(const nm_coprocessor *c, const nm_pop *pop, uint32_t cur, uint64_t cur_bytes, uint32_t output,
                     uint64_t output_bytes, nm_arrays *arrays)
{
    found_arrays found = {.count = 0};
    uint64_t bytes = UINT64_C(4) * pop->n;
    uint8_t *state = find(c, &found, pop->state, bytes * pop->state_words), *param = NULL;
    *arrays = (nm_arrays){.cur = find(c, &found, cur, cur_bytes)};
    if (!state || !arrays->cur || (pop->acc && !(arrays->acc = find(c, &found, pop->acc, bytes))) ||
        (pop->out && !(arrays->out = find(c, &found, output, output_bytes))) ||
        (pop->replaced && !(param = find(c, &found, pop->param, bytes * nm_popcount(pop->replaced))))) {
        return false;
    }
    for (uint32_t k = 0; k < pop->state_words; k++) {
        arrays->state[k] = state + bytes * k;
    }
    for (unsigned q = 0; q < NM_PARAMETERS; q++) {
        if (pop->replaced >> q & 1) {
            arrays->param[q] = param;
            param += bytes;
        }
    }
    return true;
}

bool nm_find_arrays(nm_coprocessor *c, const nm_entry *entry, const nm_step *step, uint32_t output, nm_arrays *arrays)
{
    const nm_pop *pop = &entry->pop;
    if (!nm_has_kernels(c->kernels)) {
        return false;
    }
    bool known;
    nm_ready *ready = nm_ready_of(c, entry, &known);
    uint64_t bytes = UINT64_C(4) * pop->n, output_bytes = pop->graded ? bytes : UINT64_C(4) * nm_words(pop->n);
    if (!known) {
        ready->settled = find_all(c, pop, pop->cur, bytes * pop->depth, pop->out,
                                  nm_buffer_span(pop->output_mode, pop->stride, output_bytes, step->steps), &ready->arrays);
    }
    uint32_t cur = nm_cur_of(c, pop);
    if (ready->settled) {
        *arrays = ready->arrays;
        arrays->cur = c->ram + (cur - c->base);
        arrays->out = pop->out ? c->ram + (output - c->base) : NULL;
    } else if (!find_all(c, pop, cur, bytes, output, output_bytes, arrays)) {
        return false;
    }
    arrays->bits = c->log.on ? c->bits : NULL;
    return true;
}

bool nm_update_in_bulk(nm_coprocessor *c, const nm_entry *entry, const nm_arrays *arrays, uint32_t output)
{
    const nm_pop *pop = &entry->pop;
    uint32_t begin = c->progress.index, groups = nm_words(pop->n), spikes = 0;
    uint32_t end = groups - begin <= c->units_left ? groups : begin + (uint32_t)c->units_left;
    uint32_t done = c->kernels->update(pop, arrays, begin, end, &spikes);
    if (done > begin) {
        uint64_t last = UINT64_C(32) * done, neurons = (last < pop->n ? last : pop->n) - UINT64_C(32) * begin;
        if (neurons == pop->n) {
            nm_wrote(c, pop->state, 4 * neurons * pop->state_words);
        }
        for (uint32_t k = 0; k < pop->state_words && neurons < pop->n; k++) {
            nm_wrote(c, pop->state + 4 * (k * pop->n + 32 * begin), 4 * neurons);
        }
        nm_wrote(c, nm_cur_of(c, pop) + 4 * (32 * begin), 4 * neurons);
        if (pop->acc) {
            nm_wrote(c, pop->acc + 4 * (32 * begin), 4 * neurons);
        }
        if (pop->out) {
            uint32_t width = pop->graded ? 4 * NM_GROUP : 4;
            nm_wrote(c, output + width * begin, pop->graded ? 4 * neurons : UINT64_C(4) * (done - begin));
        }
        if (arrays->bits) {
            nm_log_groups(c, pop, begin, done, arrays->bits + begin);
        }
        nm_count_groups(c, pop, done - begin, neurons, spikes);
        nm_add_partial(c, entry->counts ? spikes : 0);
        c->progress.index = done;
    }
    return done == groups;
}
