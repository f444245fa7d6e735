/* The coprocessor's state. User CSRs 0x800..0x815 stand in one array in the order of their numbers, which is also the
   order of the save area; machine CSRs 0x7C1..0x7C6 in another. Neuron and plasticity words are kept decoded as well. */
#ifndef NM_STATE_H
#define NM_STATE_H

#include "descriptor.h"
#include "kernels.h"
#include "neurohart/coprocessor.h"
#include "neuron.h"
#include "plasticity.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "guest memory is accessed as host integers");

enum { NM_QUEUES = 4, NM_QUEUE_DEPTH = 64, NM_COUNTERS = 8, NM_DEFAULT_LANES = 4, NM_MOST_LANES = 255 };
enum { NM_LARGEST_NETWORK = 255, NM_LARGEST_SIZE = 65536, NM_LARGEST_BITMAP = NM_LARGEST_SIZE / 32 };
enum { NM_MOST_AXES = 4 * NM_LONGEST_AXIS };

/* User CSRs, number - 0x800. */
enum {
    NM_USER_MODE,
    NM_USER_P0,
    NM_USER_VTH = 5,
    NM_USER_SPK = 7,
    NM_USER_RNG,
    NM_USER_LMODE,
    NM_USER_WLIM,
    NM_USER_T,
    NM_USER_L0,
    NM_USER_REW = 16,
    NM_USER_PROG0,
    NM_USER_PROG1,
    NM_USER_PROG2,
    NM_USER_PROG3,
    NM_USER_PDESC,
    NM_USER_CSRS
};

/* Machine CSRs, number - 0x7C0; nm_ctl itself is front.ctl. */
enum {
    NM_MACHINE_CTL,
    NM_MACHINE_ERR,
    NM_MACHINE_EADDR,
    NM_MACHINE_SLICE,
    NM_MACHINE_QWM,
    NM_MACHINE_TICK,
    NM_MACHINE_TNEXT,
    NM_MACHINE_CSRS
};

enum { NM_SOP, NM_NUP, NM_SPKIN, NM_SPKOUT, NM_WUPD, NM_RDB, NM_WRB, NM_CYC };

enum { NM_PART_LEARNING = 4, NM_PARTS = 7 };

enum { NM_ST_MASK = 3, NM_ST_CLEAN = 2, NM_ST_DIRTY = 3, NM_CTL_ETRAP = 4, NM_CTL_CCLR = 8, NM_CTL_MASK = 7 };

typedef struct nm_queue {
    uint32_t entries[NM_QUEUE_DEPTH];
    uint32_t head, level; /* head: place of the oldest entry */
} nm_queue;

/* A run begun by nm.start. */
typedef struct nm_run {
    bool outstanding, error, busy;
    uint32_t result, code, steps;
    uint64_t end; /* mcycle at which BUSY ends */
} nm_run;

/* Spikes that nobody has taken yet. */
typedef struct nm_spike_log {
    bool on;
    uint32_t count, capacity;
    uint64_t lost;
    nm_spikes *spikes;
} nm_spike_log;

/* Where an engine operation stands (nm_prog0..3). */
typedef struct nm_progress {
    uint32_t index, phase, position, steps, partial;
    bool entered;
} nm_progress;

/* The rows of a bitmap that c->active lists. `lasts`: the operation at `position` is the only one that writes there. */
typedef struct nm_listed {
    const uint8_t *source;
    uint64_t issue;
    uint32_t n, count, position, steps; /* `position` of the operation, `steps` before it */
    bool lasts;
} nm_listed;

struct nm_coprocessor {
    nm_front front;
    uint8_t *ram;
    uint32_t base, size;
    uint32_t lanes, parts; /* configuration, like the RAM; parts: nm_ver[18:16] */
    const nm_kernels *kernels;
    uint32_t user[NM_USER_CSRS];
    uint32_t machine[NM_MACHINE_CSRS];
    nm_neuron neuron;
    nm_plasticity plasticity;
    uint64_t counters[NM_COUNTERS];
    nm_queue queues[NM_QUEUES];
    nm_run run;

    struct nm_accounts *accounts; /* NULL: none are kept */
    nm_spike_log log;

    /* Valid during one issue only. */
    nm_progress progress;
    uint64_t issue; /* number of this one */
    uint64_t units_left;
    uint64_t issue_cycles;
    uint32_t fault_code, fault_address;
    nm_entry entries[NM_LARGEST_NETWORK];
    struct nm_ready *ready;   /* by entry (ready.h) */
    struct nm_chains *chains; /* chain.h */
    struct nm_cascade *cascade; /* cascade.h */
    /* Of a bulk operation: rows, their values, a number for each post neuron, and what a convolution needs to know of
       coordinates. */
    uint16_t active[NM_LARGEST_SIZE + NM_LIST_SLACK];
    nm_listed listed;
    uint32_t value[NM_LARGEST_SIZE];
    int32_t columns[NM_LARGEST_SIZE];
    nm_axis axes[NM_MOST_AXES];
    uint32_t axes_used, axes_of[NM_LARGEST_NETWORK]; /* by entry: 1 + index of its axes, 0: not found yet */
    uint32_t bits[NM_LARGEST_SIZE / NM_GROUP]; /* spikes of an update that are to be logged */
};

static inline uint32_t *nm_rng(nm_coprocessor *c) { return &c->user[NM_USER_RNG]; }

static inline void nm_push(nm_coprocessor *c, uint32_t s)
{
    c->user[NM_USER_SPK] = s << 31 | c->user[NM_USER_SPK] >> 1;
}

static inline void nm_count(nm_coprocessor *c, unsigned counter, uint64_t amount) { c->counters[counter] += amount; }

static inline void nm_count_cycles(nm_coprocessor *c, uint64_t cycles)
{
    c->counters[NM_CYC] += cycles;
    c->issue_cycles += cycles;
}

/* Decode the neuron and plasticity CSRs again after they were written. */
void nm_decode_csrs(nm_coprocessor *c);
/* Recompute mip levels and next_event. */
void nm_refresh(nm_coprocessor *c, uint64_t mcycle);
/* End BUSY once mcycle has reached the end of the run. */
static inline void nm_settle(nm_coprocessor *c, uint64_t mcycle)
{
    if (c->run.busy && mcycle >= c->run.end) {
        c->run.busy = false;
    }
}

#endif
