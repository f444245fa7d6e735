/* Chains: upd operations next to each other in a network whose populations, LI, add their outputs to the input of the last
   one. They are updated in one pass if bounds say that short forms are exact; what is known of them is kept for the time
   of an issue. */
#ifndef NM_CHAIN_H
#define NM_CHAIN_H

#include "syn_bulk.h"

enum { NM_MOST_CHAINS = 8, NM_MOST_MEMBERS = NM_MOST_FEEDERS + 1 };

/* Bounds of magnitudes, or NM_UNKNOWN: it has to be looked for. */
typedef struct nm_chain_member {
    uint64_t input, current; /* of the input; of the state of LI or the u of CUBA */
    uint64_t added;          /* of what was added to a current that flows since its decay */
    bool scanned;            /* others write to the input who do not say what */
} nm_chain_member;

enum { NM_FLOW_ROWS = 4096, NM_FLOW_LISTS = 512 };
_Static_assert(NM_FLOW_LISTS >= 2 * NM_LARGEST_NETWORK, "a step begun with half of the lists has room");

/* Rows of one operation that were added to currents that flow, after so many passes. */
typedef struct nm_flow_list {
    uint32_t entry, member, pass, count;
} nm_flow_list;

/* How a chain flows (flow.c). The buffer is kept from issue to issue. */
typedef struct nm_flow {
    bool on;
    bool refused;    /* not in this issue */
    uint32_t passes; /* done one after the other */
    uint32_t *buffer;
    size_t words;         /* of the buffer */
    nm_held held;
    uint32_t *freed;      /* how many are freed before the step of each slot */
    uint32_t slot, slots; /* the next step's; one more than a neuron is held for */
    /* Currents of feeders in an earlier step; how many passes were done since then and what was added. */
    uint8_t *past[NM_MOST_FEEDERS];
    uint32_t since;
    uint16_t row[NM_FLOW_ROWS];
    uint32_t rows, lists;
    nm_flow_list list[NM_FLOW_LISTS];
} nm_flow;

typedef struct nm_chain_run {
    uint32_t first, count; /* entries */
    bool trusted;          /* no other operation writes to the states */
    bool alone;            /* or to the output */
    uint32_t pause;        /* so many steps go population by population */
    uint64_t membrane;     /* bound of the last population's membranes that are not held */
    nm_chain_member member[NM_MOST_MEMBERS];
    uint32_t reader[NM_MOST_READERS]; /* entries: synapses that read the spikes */
    nm_chain chain;
} nm_chain_run;

typedef struct nm_chains {
    uint64_t issue; /* c->issue when they were found */
    uint32_t count;
    nm_chain_run run[NM_MOST_CHAINS];
    nm_flow flow[NM_MOST_CHAINS]; /* of each run */
} nm_chains;

/* Find the chains of a network, in c->chains. */
void nm_find_chains(nm_coprocessor *c, const nm_job *job);
void nm_free_chains(nm_coprocessor *c);
/* Nothing is known of the values any more. */
void nm_forget_bounds(nm_chain_run *run);
/* A bound of the next state of a feeder to which `input` at most is added. */
uint64_t nm_next_current(const nm_pop *pop, uint64_t current, uint64_t input);

/* Whether an operation tells what it adds to the input of a population. */
bool nm_tells(const nm_entry *entry, const nm_pop *pop);

/* Whether nobody would notice that a chain flows. */
bool nm_can_flow(const nm_coprocessor *c, const nm_chain_run *run, uint32_t count, const nm_step *step);
/* Let a chain flow that has just been updated, if that is possible and worth while. */
void nm_begin_flow(nm_coprocessor *c, nm_chain_run *run, const nm_job *job);
/* Look at the inputs of a chain that flows: as for others; false if its numbers may get too large. */
bool nm_follow_flow(nm_coprocessor *c, nm_chain_run *run);
/* Update all of it. */
int32_t nm_update_flow(nm_coprocessor *c, nm_chain_run *run, const nm_job *job, uint32_t *spikes);
/* Everything as it would be without, at any time. */
void nm_end_flow(nm_coprocessor *c, nm_chain_run *run);

#endif
