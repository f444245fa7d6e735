/* The bulk kernels of the engine: whole operations on arrays, in several instruction sets with the same bits.
   Scalar code (neuron.h, syn_row.c, learn.c) is the meaning; a kernel may decline work it cannot do exactly.
   Bodies: kernels_*.h, compiled once an instruction set by simd_*.c. */
#ifndef NM_KERNELS_H
#define NM_KERNELS_H

#include <stddef.h>

#include "learning.h"

/* Weight rows and an accumulator row, all inside RAM and apart from each other. */
typedef struct nm_rows {
    uint8_t *cur;            /* m accumulators of 4 bytes */
    const uint8_t *weights;  /* row 0 */
    const uint8_t *readable; /* first byte that may not be read; reading behind a row is harmless before it */
    size_t pitch;            /* bytes from row to row */
    const uint16_t *row;     /* the active rows */
    const uint32_t *value;   /* what the weights of each are multiplied by, shift included; NULL: 2^shift */
    uint32_t count, n, m;    /* active rows, all rows, columns */
    unsigned shift;          /* weights count 2^shift fold */
} nm_rows;

/* How a coordinate of the input meets the kernel: at how many positions, down in the lower and across in the upper half of
   `counts`, and where those begin: accumulators, in the lower half of `places`, and weights, in bytes. */
typedef struct nm_axis {
    uint64_t places;
    uint32_t counts;
} nm_axis;

enum { NM_LONGEST_AXIS = 4096, NM_LARGEST_KERNEL = 15, NM_MOST_POSITIONS = NM_LARGEST_KERNEL * NM_LARGEST_KERNEL };

/* A convolution; the rows it is done for are pixels and channels of the input. From a kernel position to the next one
   down or across weights lie so many bytes on, and accumulators so many back. */
typedef struct nm_conv {
    uint32_t width, channels;               /* of the input */
    uint64_t channel_places;                /* what a channel adds to places */
    uint32_t run;                           /* weights of a kernel position */
    uint32_t down_weights, down_cur, across_weights, across_cur;
    const nm_axis *down, *across;           /* for each y and each x of the input */
    uint32_t cycles[NM_MOST_POSITIONS + 1]; /* of a row, by the number of kernel positions it meets */
} nm_conv;

/* Compressed rows, whose elements are bounds[row] to bounds[row + 1] - 1 of columns and weights; cur is a ring of `depth`
   slots of m accumulators. */
typedef struct nm_sparse {
    const uint8_t *bounds, *columns; /* words, half words */
    const uint8_t *delays;           /* bytes of the rows or nibbles of the elements */
    uint32_t elements;               /* that all tables have in RAM */
    uint32_t delay;                  /* NM_DELAY_FIXED ... */
    uint32_t slot, depth, longest;   /* slot of no delay; delays of the tables must be below `longest` */
} nm_sparse;

/* Kernel positions that were met, and cycles. */
typedef struct nm_conv_work {
    uint64_t positions, cycles;
} nm_conv_work;

/* Delays of synapses: rows of 4-bit numbers below `longest`, and the accumulators of each. */
typedef struct nm_delayed {
    const uint8_t *delays;
    size_t pitch;
    uint32_t longest;
    uint8_t *slot[16];
} nm_delayed;

/* Sparse synapses of one row for learning. */
typedef struct nm_elements {
    const uint8_t *columns; /* half words */
    uint8_t *weights, *eligibility;
    uint32_t count, x; /* x: pre trace */
    bool a;            /* pre spike */
} nm_elements;

/* Arrays of a population for an update; those that are absent are NULL. */
typedef struct nm_arrays {
    uint8_t *state[NM_MOST_STATE_WORDS];
    const uint8_t *param[NM_PARAMETERS]; /* per-neuron words */
    uint8_t *cur, *acc, *out;
    uint32_t *bits; /* NULL, or where the spikes of each group go besides */
} nm_arrays;

enum { NM_MOST_FEEDERS = 2, NM_MOST_READERS = 2 };

/* One population of a chain: its arrays of whole groups. `idle`: the input is 0 everywhere. */
typedef struct nm_link {
    const nm_short *small;
    uint8_t *state[3], *cur;
    bool idle;
    uint8_t *past; /* of a feeder that flows: NULL, or where its currents of this step go besides */
} nm_link;

/* Neurons in the order in which they began to be held, in a ring. */
typedef struct nm_held {
    uint16_t *neuron;
    uint32_t size, first, count;
    uint32_t *free;     /* a bitmap */
    uint32_t *membrane; /* of each neuron that is held */
} nm_held;

/* LI populations whose outputs are added to the input of the last population, LIF or CUBA, all plain (short.h). */
typedef struct nm_chain {
    nm_link feeder[NM_MOST_FEEDERS], last;
    uint32_t feeders, profile;
    bool refractory;
    uint8_t *out;   /* bitmap of spikes or NULL */
    uint32_t *bits; /* as in nm_arrays */
    struct {
        const uint8_t *bounds, *columns, *weights;
        uint32_t elements;
    } reader[NM_MOST_READERS]; /* sparse synapses of the neurons that spike, which are soon needed */
    uint32_t readers;
    bool ends;              /* it flows, and does not after this step: states are left as they are */
    bool backward;          /* it flows, and the last groups go first: they are still near from the step before */
    /* If it flows: the spikes of the step, then of those steps before whose neurons are still held, or of none. */
    nm_held *held;
    uint32_t frees; /* so many that were held first are free from this step on */
} nm_chain;

/* A dense projection of s8 weights over many steps. The active rows of all steps stand one after the other, those of a step
   filled up to a multiple of NM_ROWS_TOGETHER with row n, which is none. */
typedef struct nm_sheet {
    const uint8_t *weights, *readable; /* as in nm_rows */
    size_t pitch;
    uint32_t n, m, steps;
    const uint16_t *row;
    const uint32_t *end; /* of the rows of each step, at most NM_ROWS_SUMMED */
    uint8_t *packed;     /* room for n + 1 rows of NM_SHEET_COLUMNS bytes */
    int16_t *sums;       /* [m/NM_SHEET_COLUMNS rounded up][steps][NM_SHEET_COLUMNS] */
} nm_sheet;

enum { NM_ROWS_TOGETHER = 8, NM_ROWS_SUMMED = 256 /* their sum fits s16 */, NM_SHEET_COLUMNS = 64 };

/* Neurons over many steps, whose inputs are the sums of a sheet, 2^exponent fold. */
typedef struct nm_course {
    uint8_t *state[3];
    const uint8_t *cur; /* what else is in the input of the first step, or NULL */
    const int16_t *sums;
    unsigned exponent;
    uint8_t *out; /* a bitmap for each step, or NULL */
    size_t stride;
    uint32_t steps;
} nm_course;

enum { NM_LIST_SLACK = 64 };

struct nm_kernels {
    const char *name;
    /* The set bits from `first` on of a bitmap of n bits, ascending; gives their number. The list needs
       room for NM_LIST_SLACK more. */
    uint32_t (*list_bits)(const uint8_t *source, uint32_t n, uint32_t first, uint16_t *list);
    /* The words that are not 0 from `first` on of a source of n words, likewise. */
    uint32_t (*list_words)(const uint8_t *source, uint32_t n, uint32_t first, uint16_t *list);
    /* n bytes of 0 and 1 as bits, low bit first, the rest of the last byte 0; false if there was another byte. */
    bool (*pack_bits)(uint8_t *to, const uint8_t *from, uint32_t n);
    /* The reverse; of the bits whole words are read. */
    void (*unpack_bits)(uint8_t *to, const uint8_t *from, uint32_t n);
    /* cur[j] += sum of weight[row][j] * 2^shift modulo 2^32, formats 0 to 3 */
    void (*add_rows[4])(const nm_rows *rows);
    /* cur[j] += sum of weight[row][j] * value[row] modulo 2^32, formats 0 to 3 */
    void (*multiply_rows[4])(const nm_rows *rows);
    /* As add_rows for s8 weights, each into the accumulators of its delay. */
    void (*add_delayed)(const nm_delayed *delayed, const nm_rows *rows);
    /* As either of them for a convolution; *work is increased. */
    void (*add_conv)(const nm_conv *conv, const nm_rows *rows, nm_conv_work *work);
    /* cur[slot][column] += weight * value[row] modulo 2^32; gives how many rows were done: all, or those before one whose
       elements, columns or delays are out of range. *distinct stays true only if no column came twice in any row. */
    uint32_t (*add_sparse)(const nm_sparse *sparse, const nm_rows *rows, bool *distinct);
    /* The largest of `count` columns, half words. */
    uint32_t (*largest_column)(const uint8_t *columns, uint32_t count);
    /* cur[k] += weight[k] * value[k] * 2^shift modulo 2^32 for n words, weights s8 or NULL for 1; gives how many values
       are not 0. */
    uint32_t (*add_words)(uint8_t *cur, const uint8_t *values, const uint8_t *weights, uint32_t n, unsigned shift);
    /* Update groups of 32 neurons from `group` to before `end`; gives the first group not done, because its values are
       too large for 32-bit arithmetic or its profile has no kernel. *spikes is increased. */
    uint32_t (*update)(const nm_pop *pop, const nm_arrays *arrays, uint32_t group, uint32_t end, uint32_t *spikes);
    /* Update whole groups of a chain, in which no value is beyond the limits of its decay and no sum leaves 32 bits. Gives
       the lowest new membrane of the last population; *spikes is increased. */
    int32_t (*update_chain)(const nm_chain *chain, uint32_t groups, uint32_t *spikes);
    /* The same as update_chain for n neurons of a chain that flows and ends in LIF neurons; those that spike are held. */
    int32_t (*update_flow)(const nm_chain *chain, uint32_t n, uint32_t *spikes);
    /* Let the states of a feeder of n neurons decay once. */
    void (*decay_flow)(const nm_link *feeder, uint32_t n);
    /* The sums of a sheet; gives a bound of their magnitudes, at most twice the largest. */
    uint32_t (*sum_sheet)(const nm_sheet *sheet);
    /* Update IF, LIF or CUBA neurons that have short forms, in which no value is beyond the limits of its decay and no sum
       leaves 32 bits, step after step; gives how many spiked. */
    uint64_t (*update_course)(const nm_pop *pop, const nm_course *course);
    /* The largest magnitude of n words. */
    uint32_t (*largest_magnitude)(const uint8_t *words, uint32_t n);
    /* The given rows, which all have or all lack a pre spike; of rules 0, 1, 3 with dense weights and without draws. */
    void (*learn_rows)(const nm_learning *learning, const uint16_t *row, uint32_t count, bool spiking);
    /* The synapses of a row of rule 1 with sparse weights, without draws; `product` is AM*y of each column, and sums fit. */
    void (*learn_elements)(const nm_learning *learning, const nm_elements *elements, const int32_t *product);
    /* Phases 1 and 2 for groups of 32 traces from `group` to before `end`, without draws. */
    void (*next_traces)(const nm_plasticity *plasticity, const nm_traces *side, uint32_t group, uint32_t end);
};

extern const nm_kernels nm_kernels_scalar; /* without kernels: everything goes unit by unit */
extern const nm_kernels nm_kernels_portable;
#if defined(__x86_64__)
extern const nm_kernels nm_kernels_avx2;
extern const nm_kernels nm_kernels_avx512;
#endif

static inline bool nm_has_kernels(const nm_kernels *kernels) { return kernels != &nm_kernels_scalar; }

#endif
