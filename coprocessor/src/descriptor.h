/* Descriptors (specification chapter 6), validated and decoded. Nothing outside the coprocessor's scratch is written. */
#ifndef NM_DESCRIPTOR_H
#define NM_DESCRIPTOR_H

#include "neurohart/coprocessor.h"
#include "neuron.h"
#include "plasticity.h"
#include "short.h"

enum { NM_IF, NM_LIF, NM_CUBA, NM_ALIF, NM_IZH, NM_TN, NM_LI, NM_SD };
enum { NM_S8, NM_S4, NM_S2, NM_BINARY, NM_CSR, NM_CONV, NM_CROSSBAR, NM_ONE_TO_ONE };
enum { NM_BITMAP, NM_AER, NM_GRADED, NM_FROM_QUEUE };
enum { NM_DELAY_FIXED, NM_DELAY_PER_SOURCE, NM_DELAY_PER_SYNAPSE };
enum { NM_RULE_PAIR, NM_RULE_REWARD, NM_RULE_BINARY, NM_RULE_SDSP, NM_RULE_EPROP };
enum { NM_MOST_STATE_WORDS = 4, NM_GROUP = 32 };

/* A population (6.2). */
typedef struct nm_pop {
    uint32_t address, n;
    uint32_t profile, replaced, output_mode, refractory, depth;
    uint32_t state_words; /* K, including the refractory word */
    bool graded;
    nm_neuron neuron;
    nm_short small;
    uint32_t state, param, cur, out, stride, acc;
} nm_pop;

/* A projection (6.3); `population` is the address of the destination POP or 0. */
typedef struct nm_syn {
    uint32_t address, n, m;
    uint32_t format, source, source_mode, delay, fixed_delay, depth, exponent;
    uint32_t weights, rows, columns, delays, source_address, stride, cur, population;
    struct {
        uint32_t height, width, channels_in, channels_out, kernel, stride, padding, output_height, output_width;
        bool depthwise;
    } conv;
} nm_syn;

/* A plasticity rule (6.7); its SYN and POP stand beside it in nm_entry. */
typedef struct nm_rule {
    uint32_t address, kind;
    nm_plasticity plasticity;
    int64_t ap, am;
    uint32_t kx, ky, impx, impy, ke, shr;
    uint32_t pre_traces, post_traces, eligibility, signal;
} nm_rule;

/* An event-list conversion (6.8). */
typedef struct nm_xfer {
    uint32_t address, n, events, bitmap, capacity;
} nm_xfer;

/* State words of a profile without the refractory word. */
static inline uint32_t nm_profile_words(uint32_t profile)
{
    return profile == NM_ALIF ? 4 : profile == NM_SD ? 3 : profile == NM_CUBA ? 2 : 1;
}

enum { NM_ENTRY_SYN = 1, NM_ENTRY_UPD = 2, NM_ENTRY_LEARN = 3, NM_ENTRY_RST = 4 };

/* One operation of a list. */
typedef struct nm_entry {
    uint32_t kind;
    bool counts; /* its spikes, rows or weight updates go into rd */
    nm_syn syn;
    nm_pop pop;
    nm_rule rule;
} nm_entry;

/* Each validates one kind of descriptor with everything below it; false leaves the fault in the coprocessor. */
bool nm_read_pop(nm_coprocessor *c, uint32_t address, nm_pop *pop);
/* `pop` receives the destination population if there is one; with needs_pop a zero w12 is an error. */
bool nm_read_syn(nm_coprocessor *c, uint32_t address, nm_syn *syn, nm_pop *pop, bool needs_pop);
bool nm_read_rule(nm_coprocessor *c, uint32_t address, nm_entry *entry);
bool nm_read_net(nm_coprocessor *c, uint32_t address, nm_entry *entries, uint32_t *count);
bool nm_read_xfer(nm_coprocessor *c, uint32_t address, nm_xfer *xfer);
/* Any descriptor, as nm.check. */
bool nm_read_any(nm_coprocessor *c, uint32_t address);

/* Bytes of a dense row of m elements of b bits: 4*ceil(m*b/32). */
static inline uint32_t nm_pitch(uint32_t m, uint32_t bits) { return 4 * nm_words(m * bits); }

#endif
