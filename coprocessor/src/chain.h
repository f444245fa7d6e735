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
    bool scanned;            /* others write to the input who do not say what */
} nm_chain_member;

typedef struct nm_chain_run {
    uint32_t first, count; /* entries */
    bool trusted;          /* no other operation writes to the states */
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
} nm_chains;

/* Find the chains of a network, in c->chains. */
void nm_find_chains(nm_coprocessor *c, const nm_job *job);
/* Nothing is known of the values any more. */
void nm_forget_bounds(nm_chain_run *run);

#endif
