/* Performing cascades: layer by layer, each over many steps. What an operation counts is linear in rows and groups, so all
   steps are counted together. A layer that cannot be done so goes step by step, and so do those behind it. */
#include "cascade.h"

#include "accounts.h"
#include "weights.h"

enum { LARGEST_SHIFT = 28, WORTHWHILE = 2 /* uses of a row on average */ };

/* The steps that are done at once: how many, and the first one of the run. */
typedef struct stretch {
    uint32_t steps, first;
} stretch;

static nm_layer *layer_of(const nm_coprocessor *c, uint32_t k) { return &c->cascade->layer[k]; }

/* Where a layer reads and writes spikes in this stretch. */
static const uint8_t *source_of(const nm_coprocessor *c, uint32_t k, const stretch *s, size_t *stride)
{
    const nm_layer *layer = layer_of(c, k);
    if (layer->fed) {
        *stride = 4 * (size_t)nm_words(c->entries[2 * k - 1].pop.n);
        return c->cascade->spikes[(k - 1) % 2];
    }
    *stride = layer->source_stride;
    return layer->source + *stride * s->first;
}

static uint8_t *output_of(const nm_coprocessor *c, uint32_t k, const stretch *s, size_t *stride)
{
    const nm_pop *pop = &c->entries[2 * k + 1].pop;
    *stride = pop->output_mode ? pop->stride : 4 * (size_t)nm_words(pop->n);
    if (!pop->out || pop->output_mode) {
        return pop->out ? layer_of(c, k)->out + *stride * s->first : NULL;
    }
    return c->cascade->spikes[k % 2];
}

/* List the active rows of all steps; gives their number, UINT64_MAX if a step has too many. */
static uint64_t list(const nm_coprocessor *c, uint32_t k, const stretch *s)
{
    nm_cascade *cascade = c->cascade;
    const uint32_t n = c->entries[2 * k].syn.n;
    uint64_t rows = 0;
    uint32_t end = 0;
    size_t stride;
    const uint8_t *source = source_of(c, k, s, &stride);
    for (uint32_t step = 0; step < s->steps; step++) {
        uint32_t count = c->kernels->list_bits(source + stride * step, n, 0, cascade->row + end);
        if (count > NM_ROWS_SUMMED) {
            return UINT64_MAX;
        }
        rows += count;
        for (end += count; end % NM_ROWS_TOGETHER; end++) {
            cascade->row[end] = (uint16_t)n;
        }
        cascade->end[step] = end;
    }
    return rows;
}

/* A bound of |x| over `steps` steps of x*k/4096 + y, |y| up to `most`. */
static uint64_t bound_over(uint32_t k, uint64_t x, uint64_t most, uint32_t steps)
{
    return nm_larger(k < 4096 ? most * 4096 / (4096 - k) + 1 : x + most * steps, x) + most;
}

/* Whether short forms are exact for all neurons in all steps, inputs up to `input` besides the sums up to `sum`. */
static bool stays_short(const nm_coprocessor *c, uint32_t k, uint64_t input, uint32_t sum, uint32_t steps)
{
    const nm_pop *pop = &c->entries[2 * k + 1].pop;
    const nm_layer *layer = layer_of(c, k);
    const bool cuba = pop->profile == NM_CUBA, decays = pop->profile != NM_IF;
    const uint32_t exponent = c->entries[2 * k].syn.exponent;
    uint64_t fed = (input + ((uint64_t)sum << exponent)) << pop->small.shift;
    if (exponent + pop->small.shift > LARGEST_SHIFT) {
        return false;
    }
    if (cuba) {
        fed = bound_over(pop->neuron.ku, c->kernels->largest_magnitude(layer->state[0], pop->n), fed + 2, steps);
        if (fed > (uint64_t)pop->small.current.limit) {
            return false;
        }
    }
    uint64_t more = fed + nm_magnitude(pop->neuron.bias) + nm_magnitude(pop->small.lowered) + 2;
    uint64_t v = nm_larger(c->kernels->largest_magnitude(layer->state[cuba], pop->n), nm_magnitude(pop->small.assigned));
    return bound_over(decays ? pop->neuron.kv : 4096, v, more, steps) <=
           (uint64_t)(decays ? pop->small.membrane.limit : NM_SHORT_WIDEST);
}

static void count_rows(nm_coprocessor *c, uint32_t position, const stretch *s, uint64_t rows)
{
    const nm_entry *entry = &c->entries[position];
    const nm_syn *syn = &entry->syn;
    const uint64_t words = nm_words(syn->n);
    c->progress.entered = false;
    nm_enter(c, s->steps * 4 * words, s->steps * (NM_ENTRY_CYCLES + words));
    nm_row_totals totals = nm_equal_rows(c, (uint32_t)rows, syn->m, nm_pitch(syn->m, nm_weight_bits[syn->format]));
    nm_count_rows(c, entry, (uint32_t)rows, &totals);
    nm_charge(c, position, entry, s->steps);
}

static void count_updates(nm_coprocessor *c, uint32_t position, const stretch *s, uint64_t spikes)
{
    const nm_entry *entry = &c->entries[position];
    const nm_pop *pop = &entry->pop;
    c->progress.entered = false;
    nm_enter(c, 0, s->steps * (uint64_t)NM_ENTRY_CYCLES);
    nm_count_groups(c, pop, s->steps * nm_words(pop->n), (uint64_t)s->steps * pop->n, (uint32_t)spikes);
    nm_add_partial(c, entry->counts ? (uint32_t)spikes : 0);
    nm_charge(c, position, entry, s->steps);
}

/* Note what the population of a layer has written, and put its last spikes where they belong. */
static void finish(nm_coprocessor *c, uint32_t k, const stretch *s, bool input)
{
    const nm_pop *pop = &c->entries[2 * k + 1].pop;
    const nm_layer *layer = layer_of(c, k);
    const uint32_t bytes = 4 * nm_words(pop->n);
    nm_wrote(c, pop->state, UINT64_C(4) * pop->n * pop->state_words);
    nm_wrote(c, pop->cur, UINT64_C(4) * pop->n);
    if (input) {
        memset(layer->cur, 0, 4 * (size_t)pop->n);
    }
    if (pop->out && pop->output_mode) {
        nm_wrote(c, pop->out + pop->stride * s->first, (uint64_t)pop->stride * (s->steps - 1) + bytes);
    } else if (pop->out) {
        memcpy(layer->out, c->cascade->spikes[k % 2] + (size_t)bytes * (s->steps - 1), bytes);
        nm_wrote(c, pop->out, bytes);
    }
}

/* A layer over all steps; false and no effect if it has to go step by step. */
static bool perform_layer(nm_coprocessor *c, uint32_t k, const stretch *s)
{
    nm_cascade *cascade = c->cascade;
    const nm_layer *layer = layer_of(c, k);
    const nm_syn *syn = &c->entries[2 * k].syn;
    const nm_pop *pop = &c->entries[2 * k + 1].pop;
    uint64_t rows = list(c, k, s);
    if (rows == UINT64_MAX || rows < (uint64_t)WORTHWHILE * syn->n) {
        return false;
    }
    const nm_sheet sheet = {.weights = layer->weights,
                            .readable = c->ram + c->size,
                            .pitch = nm_pitch(syn->m, 8),
                            .n = syn->n,
                            .m = syn->m,
                            .steps = s->steps,
                            .row = cascade->row,
                            .end = cascade->end,
                            .packed = cascade->packed + (-(uintptr_t)cascade->packed & 63),
                            .sums = cascade->sums};
    uint32_t sum = c->kernels->sum_sheet(&sheet), input = c->kernels->largest_magnitude(layer->cur, pop->n);
    if (!stays_short(c, k, input, sum, s->steps)) {
        return false;
    }
    nm_course course = {
        .cur = input ? layer->cur : NULL, .sums = cascade->sums, .exponent = syn->exponent, .steps = s->steps};
    memcpy(course.state, layer->state, sizeof course.state);
    course.out = output_of(c, k, s, &course.stride);
    uint64_t spikes = c->kernels->update_course(pop, &course);
    finish(c, k, s, input != 0);
    count_rows(c, 2 * k, s, rows);
    count_updates(c, 2 * k + 1, s, spikes);
    return true;
}

/* The layers from k on, step by step; a layer before that has no buffer for each step shows its spikes in its only one. */
static void perform_steps(nm_coprocessor *c, const nm_job *job, uint32_t k, const stretch *s)
{
    nm_progress *p = &c->progress;
    nm_step step = job->step;
    const uint32_t time = c->user[NM_USER_T];
    for (uint32_t i = 0; i < s->steps; i++, c->user[NM_USER_T]++) {
        step.completed = s->first + i;
        if (layer_of(c, k)->fed) {
            uint32_t bytes = 4 * nm_words(c->entries[2 * k - 1].pop.n);
            memcpy(layer_of(c, k - 1)->out, c->cascade->spikes[(k - 1) % 2] + (size_t)bytes * i, bytes);
        }
        for (p->position = 2 * k; p->position < 2 * c->cascade->count; p->position++) {
            p->index = 0;
            p->entered = false;
            (void)nm_perform_entry(c, &step); /* no fault in RAM, no end of the slice */
        }
    }
    c->user[NM_USER_T] = time;
}

uint32_t nm_perform_cascade(nm_coprocessor *c, const nm_job *job)
{
    nm_cascade *cascade = c->cascade;
    nm_progress *p = &c->progress;
    uint32_t left = job->steps - p->steps, units = 0;
    if (!cascade->count || p->position || p->index || p->entered) {
        return 0;
    }
    for (uint32_t k = 0; k < cascade->count; k++) {
        units += c->entries[2 * k].syn.n + nm_words(c->entries[2 * k + 1].pop.n);
    }
    stretch s = {.steps = left < cascade->steps ? left : cascade->steps, .first = p->steps};
    if (s.steps < NM_FEWEST_STEPS || (uint64_t)units * s.steps > c->units_left) {
        return 0;
    }
    for (uint32_t k = 0; k < cascade->count; k++) {
        if (!perform_layer(c, k, &s)) {
            perform_steps(c, job, k, &s);
            cascade->count = 0; /* the next steps will be like these */
            break;
        }
    }
    p->position = p->index = 0;
    p->entered = false;
    return s.steps;
}
