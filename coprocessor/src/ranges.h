/* Guest memory that operations write and read: whether they meet. */
#ifndef NM_RANGES_H
#define NM_RANGES_H

#include "ready.h"

enum { NM_MOST_RANGES = 8 };

/* Addresses from `begin` to before `end`. */
typedef struct nm_range {
    uint64_t begin, end;
} nm_range;

typedef struct nm_ranges {
    nm_range of[NM_MOST_RANGES];
    uint32_t count;
    bool unbounded; /* and maybe everything else */
} nm_ranges;

static inline void nm_add_range(nm_ranges *r, uint32_t begin, uint64_t bytes)
{
    r->of[r->count++] = (nm_range){begin, begin + bytes};
    r->unbounded = r->unbounded || begin + bytes > UINT64_C(1) << 32;
}

static inline bool nm_overlap(const nm_range *a, const nm_range *b) { return a->begin < b->end && b->begin < a->end; }

static inline bool nm_any_overlap(const nm_ranges *all, const nm_range *one)
{
    bool found = all->unbounded;
    for (uint32_t k = 0; k < all->count; k++) {
        found = found || nm_overlap(&all->of[k], one);
    }
    return found;
}

static inline nm_range nm_state_range(const nm_pop *pop)
{
    return (nm_range){pop->state, pop->state + UINT64_C(4) * pop->n * pop->state_words};
}

static inline nm_range nm_ring_range(const nm_pop *pop)
{
    return (nm_range){pop->cur, pop->cur + UINT64_C(4) * pop->n * pop->depth};
}

/* Bytes of an output in all steps of a run. */
static inline uint64_t nm_output_bytes(const nm_pop *pop, const nm_step *step)
{
    uint64_t bytes = pop->graded ? UINT64_C(4) * pop->n : UINT64_C(4) * nm_words(pop->n);
    return nm_buffer_span(pop->output_mode, pop->stride, bytes, step->steps);
}

/* All that an operation may write in a run. */
static inline nm_ranges nm_written_by(const nm_entry *entry, const nm_step *step)
{
    const nm_pop *pop = &entry->pop;
    nm_ranges r = {.unbounded = entry->kind != NM_ENTRY_SYN && entry->kind != NM_ENTRY_UPD};
    if (entry->kind == NM_ENTRY_SYN) {
        nm_add_range(&r, entry->syn.cur, UINT64_C(4) * entry->syn.m * entry->syn.depth);
    } else if (entry->kind == NM_ENTRY_UPD) {
        nm_add_range(&r, pop->state, UINT64_C(4) * pop->n * pop->state_words);
        nm_add_range(&r, pop->cur, UINT64_C(4) * pop->n * pop->depth);
        nm_add_range(&r, pop->acc, pop->acc ? UINT64_C(4) * pop->n : 0);
        nm_add_range(&r, pop->out, pop->out ? nm_output_bytes(pop, step) : 0);
    }
    return r;
}

#endif
