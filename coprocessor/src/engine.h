/* The parts of the engine (specification chapter 7) and what they share: unit accounting, buffers in time, queues. */
#ifndef NM_ENGINE_H
#define NM_ENGINE_H

#include "kernels.h"
#include "memory.h"

enum { NM_ENTRY_CYCLES = 15, NM_COUNT_MASK = 0x7FFFFFFF };

/* What an operation needs besides its descriptor. */
typedef struct nm_step {
    uint32_t completed;       /* steps completed in the current nm.run */
    uint32_t steps;           /* of it in all; of other operations 1 */
    int64_t reward;
    uint32_t source_override; /* non-zero rs2 of nm.syn and nm.layer */
} nm_step;

/* Each performs one operation from c->progress to its end, a fault, or the end of the slice. */
nm_status nm_perform_syn(nm_coprocessor *c, const nm_entry *entry, const nm_step *step);
nm_status nm_perform_upd(nm_coprocessor *c, const nm_entry *entry, const nm_step *step);
nm_status nm_perform_rst(nm_coprocessor *c, const nm_entry *entry);
nm_status nm_perform_learn(nm_coprocessor *c, const nm_entry *entry, const nm_step *step);

/* One active row with value g: all of it, or a fault and no effect. */
nm_status nm_syn_row(nm_coprocessor *c, const nm_syn *syn, uint32_t row, uint32_t g);
/* The operation from c->progress.index on by kernels, with *status as its end; false if what is left, maybe all, has to
   go row by row. `events` is the length of an AER list. */
bool nm_syn_in_bulk(nm_coprocessor *c, const nm_entry *entry, const nm_step *step, uint32_t source, uint32_t events,
                    nm_status *status);

/* What a convolution needs to know of coordinates is kept for the time of an issue; forget it. */
void nm_forget_axes(nm_coprocessor *c);

/* The arrays of a population as wholes, with the output at `output`; false unless all are RAM and apart from each other. */
bool nm_find_arrays(nm_coprocessor *c, const nm_entry *entry, const nm_step *step, uint32_t output, nm_arrays *arrays);
/* Update groups by kernels from c->progress.index on, which moves as far as they and the slice reach; true at the end. */
bool nm_update_in_bulk(nm_coprocessor *c, const nm_entry *entry, const nm_arrays *arrays, uint32_t output);
/* Count `groups` completed units of upd with `count` neurons in all. */
void nm_count_groups(nm_coprocessor *c, const nm_pop *pop, uint32_t groups, uint64_t count, uint32_t spikes);

/* Log the spikes of groups `first` to before `end`; bits[0] are those of group `first`. */
void nm_log_groups(nm_coprocessor *c, const nm_pop *pop, uint32_t first, uint32_t end, const uint32_t *bits);

/* The spike buffers of this step and the reward. */
typedef struct nm_learn_buffers {
    uint32_t source, output;
    int64_t reward;
} nm_learn_buffers;

/* Rows of phase 0 of learn from c->progress.index on, which moves as far as they reach; true with *status at the end of
   the phase or the slice, else the next row has to go with checks. */
bool nm_learn_in_bulk(nm_coprocessor *c, const nm_entry *entry, const nm_learn_buffers *at, nm_status *status);
bool nm_learn_by_rows(nm_coprocessor *c, const nm_entry *entry, const nm_learning *l, nm_status *status);
/* Count `rows` completed units of phase 0 with `updated` weights in all and q synapses each. */
void nm_count_learned(nm_coprocessor *c, const nm_entry *entry, uint32_t rows, uint64_t updated, uint64_t q);

/* Validate an operation of funct3 = 0 into c->entries; false leaves the fault. */
typedef struct nm_job {
    uint32_t count, steps;
    bool is_run;
    nm_step step;
} nm_job;
bool nm_validate(nm_coprocessor *c, uint32_t operation, uint32_t rs1, uint32_t rs2, nm_job *job);
/* Perform the entry at c->progress.position, charged. */
nm_status nm_perform_entry(nm_coprocessor *c, const nm_step *step);
/* Perform a validated job from c->progress on. */
nm_status nm_execute(nm_coprocessor *c, const nm_job *job);
/* Perform the chain of updates that begins at c->progress.position of a network, charged; gives the number of its
   operations, or 0 if there is none or it has to go operation by operation. */
uint32_t nm_perform_chain(nm_coprocessor *c, const nm_job *job, const nm_step *step);
/* Tell chains that an operation has changed each accumulator of the input at `address` by at most `bound`. */
#define NM_UNKNOWN UINT64_MAX
void nm_note_input(nm_coprocessor *c, uint32_t address, uint64_t bound);
/* Make memory what the specification says where chains have left it otherwise between two steps (flow.c). */
void nm_end_flows(nm_coprocessor *c);
/* Take over the progress CSRs if they belong to this operation, else start fresh; the CSRs become zero. */
void nm_take_progress(nm_coprocessor *c, uint32_t operation, uint32_t rs1, const nm_job *job);
void nm_discard_progress(nm_coprocessor *c);
void nm_save_progress(nm_coprocessor *c, uint32_t operation, uint32_t rs1);
/* Prepare an issue that may complete `slice` units (0: no bound). */
void nm_begin(nm_coprocessor *c, uint32_t slice);

/* Conversions (7.8), asynchronous runs (7.9) and the save area (4.7); results go to front.result. */
nm_status nm_ev2bm(nm_coprocessor *c, uint32_t rs1);
nm_status nm_bm2ev(nm_coprocessor *c, uint32_t rs1);
nm_status nm_start(nm_coprocessor *c, uint32_t rs1, uint32_t rs2, uint64_t begin);
nm_run nm_consume_run(nm_coprocessor *c);
nm_status nm_save(nm_coprocessor *c, uint32_t rs1);
nm_status nm_rest(nm_coprocessor *c, uint32_t rs1, uint64_t mcycle);

/* Whether another unit may start; otherwise the issue ends with NM_SLICE_END. */
static inline bool nm_unit_may_start(const nm_coprocessor *c) { return c->units_left != 0; }

/* Charge the entry of an operation, once. */
static inline void nm_enter(nm_coprocessor *c, uint64_t bytes_read, uint64_t cycles)
{
    if (!c->progress.entered) {
        nm_count(c, NM_RDB, bytes_read);
        nm_count_cycles(c, cycles);
        c->progress.entered = true;
    }
}

/* Cycles of n elements on the lanes: ceil(n / lanes), without a division for the default. */
static inline uint64_t nm_lane_cycles(const nm_coprocessor *c, uint64_t n)
{
    return c->lanes == NM_DEFAULT_LANES ? nm_ceil_div(n, NM_DEFAULT_LANES) : nm_ceil_div(n, c->lanes);
}

static inline void nm_add_partial(nm_coprocessor *c, uint32_t amount)
{
    c->progress.partial = (c->progress.partial + amount) & NM_COUNT_MASK;
}

/* What rows count for altogether (4.4): synapses, bytes of weights and delays, cycles. */
typedef struct nm_row_totals {
    uint64_t sop, bytes, cycles;
} nm_row_totals;

/* `rows` rows of `sop` synapses each. */
static inline nm_row_totals nm_equal_rows(const nm_coprocessor *c, uint32_t rows, uint64_t sop, uint64_t bytes)
{
    return (nm_row_totals){rows * sop, rows * bytes, rows * (4 + nm_lane_cycles(c, sop))};
}

/* Count `rows` completed rows. */
static inline void nm_count_rows(nm_coprocessor *c, const nm_entry *entry, uint32_t rows, const nm_row_totals *totals)
{
    nm_count(c, NM_SOP, totals->sop);
    nm_count(c, NM_SPKIN, rows);
    nm_count(c, NM_RDB, totals->bytes + 4 * totals->sop);
    nm_count(c, NM_WRB, 4 * totals->sop);
    nm_count_cycles(c, totals->cycles);
    c->units_left -= rows;
    nm_add_partial(c, entry->counts ? rows : 0);
}

/* Base b, stride p: mode 0: b; 1: b + (t mod 2)*p; 2: b + k*p; 3: b + ((t - 1) mod 2)*p (6.6). */
static inline uint32_t nm_buffer(const nm_coprocessor *c, uint32_t mode, uint32_t base, uint32_t stride,
                                 const nm_step *step)
{
    uint32_t t = c->user[NM_USER_T];
    switch (mode) {
    case 0: return base;
    case 1: return base + (t & 1) * stride;
    case 2: return base + step->completed * stride;
    default: return base + ((t - 1) & 1) * stride;
    }
}

static inline uint32_t nm_source_of(const nm_coprocessor *c, const nm_syn *syn, const nm_step *step)
{
    return step->source_override ? step->source_override
                                 : nm_buffer(c, syn->source_mode, syn->source_address, syn->stride, step);
}

/* Mask of the bits of word g that belong to a bitmap of n bits. */
static inline uint32_t nm_valid_bits(uint32_t n, uint32_t g)
{
    uint32_t rest = n - 32 * g;
    return rest >= 32 ? UINT32_MAX : (1u << rest) - 1;
}

static inline uint32_t nm_oldest(const nm_queue *queue) { return queue->entries[queue->head]; }

static inline void nm_remove_oldest(nm_queue *queue)
{
    queue->head = (queue->head + 1) % NM_QUEUE_DEPTH;
    queue->level--;
}

/* Address of the input slot of this step. */
static inline uint32_t nm_cur_of(const nm_coprocessor *c, const nm_pop *pop)
{
    return pop->cur + 4 * ((c->user[NM_USER_T] & (pop->depth - 1)) * pop->n);
}

/* Address of the per-neuron word that replaces `parameter` for neuron i. */
static inline uint32_t nm_parameter_address(const nm_pop *pop, unsigned parameter, uint32_t i)
{
    return pop->param + 4 * (nm_popcount(pop->replaced & ((1u << parameter) - 1)) * pop->n + i);
}

/* Address of the membrane of neuron j, as rules read it. */
static inline uint32_t nm_membrane_address(const nm_pop *pop, uint32_t j)
{
    uint32_t word = pop->profile == NM_CUBA || pop->profile == NM_ALIF;
    return pop->state + 4 * (word * pop->n + j);
}

#endif
