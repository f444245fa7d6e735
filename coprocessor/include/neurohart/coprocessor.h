/* The interface of NeuroHart's spiking coprocessor (Xnm extension): the only header users and the Python binding read.
   Only declarations a plain C parser understands: this text is also the cffi definition. */
#ifndef NEUROHART_COPROCESSOR_H
#define NEUROHART_COPROCESSOR_H

#include <stdint.h>

/* How nm_issue ended. */
enum nm_outcome { NM_RETIRED = 0, NM_SUSPENDED = 1, NM_TRAPPED = 2 };

/* Engine instructions of opcode 0x2B as funct3 << 7 | funct7. */
enum nm_operation {
    NM_RUN = 0,
    NM_LAYER = 1,
    NM_SYN = 2,
    NM_UPD = 3,
    NM_LEARN = 4,
    NM_RST = 5,
    NM_INJ = 128,
    NM_POP = 129,
    NM_QLEV = 130,
    NM_EV2BM = 131,
    NM_BM2EV = 132,
    NM_START = 256,
    NM_WAIT = 257,
    NM_POLL = 258,
    NM_ABORT = 259,
    NM_CHECK = 384,
    NM_SAVE = 512,
    NM_REST = 513
};

/* The coprocessor; create with nm_new. */
typedef struct nm_coprocessor nm_coprocessor;

/* The part engines read and write directly; the first member of every coprocessor. */
typedef struct nm_front {
    uint64_t next_event;   /* mcycle value at which nm_update must be called; all ones: never */
    uint64_t cycles;       /* what the last nm_issue adds to mcycle, waiting included */
    uint32_t ctl;          /* raw nm_ctl: [1:0] ST, [2] ETRAP */
    uint32_t mip;          /* bits 16 done, 17 error, 18 queue watermark, 19 tick (19 may be written) */
    uint32_t result;       /* rd of the last nm_issue */
    uint32_t cause;        /* of the last trap */
    uint32_t tval;         /* of the last trap */
    uint32_t written_low;  /* RAM offsets stored to lie in [low, high]; low > high: none; the reader resets them */
    uint32_t written_high;
    uint32_t site;         /* address of the instruction that nm_issue performs; only accounts show it */
    uint32_t logged;       /* spike words that the last nm_issue logged */
} nm_front;

/* Everything a coprocessor remembers, for snapshots and tests; counters and queues in the order of the manual. */
typedef struct nm_image {
    uint32_t ctl, err, eaddr, slice, qwm, tick, tnext;
    uint32_t mode, p0, p1, p2, p3, vth, vrst, spk, rng, lmode, wlim, t, l0, l1, l2, l3, rew;
    uint32_t prog0, prog1, prog2, prog3, pdesc;
    uint64_t counters[8];
    uint32_t levels[4];
    uint32_t queues[256]; /* queue q at 64 * q, oldest entry first */
    uint32_t outstanding, error, result, code, steps, busy;
    uint64_t end;
    uint32_t tick_pending;
} nm_image;

/* A coprocessor in reset state over `size` bytes of RAM at guest address `base`; NULL without memory or if base + size
   exceeds 2^32. The RAM stays the caller's and must outlive the coprocessor. */
nm_coprocessor *nm_new(uint8_t *ram, uint32_t base, uint32_t size);
/* Set the lanes of nm_cap, 1 to 255 (4 after nm_new): cycles count ceil(elements / lanes). Configuration, not state:
   images and save areas do not hold it. 0 with nothing changed for any other number. */
uint32_t nm_set_lanes(nm_coprocessor *coprocessor, uint32_t lanes);
/* Set the sub-extensions of nm_ver (7 after nm_new): bit 0 Xnmspk, 1 Xnmeng, 2 Xnmlrn, without which there are no RULE
   descriptors. Configuration as the lanes are. 0 with nothing changed for other bits. */
uint32_t nm_set_parts(nm_coprocessor *coprocessor, uint32_t parts);
/* Release a coprocessor; NULL is allowed. */
void nm_free(nm_coprocessor *coprocessor);
/* The public part of a coprocessor. */
nm_front *nm_front_of(nm_coprocessor *coprocessor);
/* The instruction sets long operations may use on this machine, fastest first: "avx512", "avx2", "portable" as far as it
   has them, then "scalar", which does every operation neuron by neuron and row by row. NULL from the last index on. */
const char *nm_simd_level(uint32_t index);
/* Which of them this coprocessor uses, at first the fastest. */
const char *nm_simd(const nm_coprocessor *coprocessor);
/* Use the one of this name; 0 and no effect if this machine does not have it. All give the same bits. */
int nm_set_simd(nm_coprocessor *coprocessor, const char *name);
/* Copy the state out. */
void nm_get_image(const nm_coprocessor *coprocessor, nm_image *image);
/* Copy the state in, at this mcycle; impossible values are brought into range. */
void nm_set_image(nm_coprocessor *coprocessor, const nm_image *image, uint64_t mcycle);

/* What the operations of one descriptor, issued by the instruction at one address, have cost. */
typedef struct nm_account {
    uint32_t site;       /* nm_front.site of the issues */
    uint32_t descriptor; /* address of the POP, SYN, RULE or XFER; 0: all that found no room in the table */
    uint32_t operation;  /* NM_SYN, NM_UPD, NM_LEARN, NM_RST, NM_EV2BM or NM_BM2EV; 0 if descriptor is 0 */
    uint64_t operations; /* brought to their end; the counters hold the unfinished ones, too */
    uint64_t counters[8];
} nm_account;

/* Keep accounts from now on, beginning with none (on = 1), or no more (0, as after nm_new). 0 if there is no memory.
   Accounts are no state: images, save areas and clearing the counters do not touch them. */
uint32_t nm_keep_accounts(nm_coprocessor *coprocessor, uint32_t on);
/* Copy at most `capacity` accounts in the order of their first use; gives how many there are. */
uint32_t nm_get_accounts(const nm_coprocessor *coprocessor, nm_account *accounts, uint32_t capacity);

/* Spikes of a group of 32 neurons in one update. */
typedef struct nm_spikes {
    uint32_t time;       /* nm_t */
    uint32_t descriptor; /* address of the POP */
    uint32_t group;      /* of neurons 32 * group on */
    uint32_t bits;       /* never 0 */
} nm_spikes;

/* Log the spikes of all updates from now on, beginning with an empty log (on = 1), or no more (0, as after nm_new). The
   log grows until it is taken and is no state, like accounts. */
void nm_log_spikes(nm_coprocessor *coprocessor, uint32_t on);
/* Copy the log into `spikes`, which has room for `capacity`, and empty it; with less room than needed nothing happens.
   Gives how many there are. */
uint32_t nm_take_spikes(nm_coprocessor *coprocessor, nm_spikes *spikes, uint32_t capacity);
/* How many the log has lost for lack of memory since the log was begun. */
uint64_t nm_lost_spikes(const nm_coprocessor *coprocessor);

/* Value of a CSR of 4.1 (0 for other numbers); access rights are the caller's business. */
uint32_t nm_csr_read(nm_coprocessor *coprocessor, uint32_t number, uint64_t mcycle);
/* Write a CSR of 4.1 by its mask and rule; mcycle as the writing instruction would read it. */
void nm_csr_write(nm_coprocessor *coprocessor, uint32_t number, uint32_t value, uint64_t mcycle);
/* Let time pass: at the instruction boundary when mcycle has reached next_event, and after mcycle was written. */
void nm_update(nm_coprocessor *coprocessor, uint64_t mcycle);
/* Issue an instruction of opcode 0x2B; gives an nm_outcome. ST must not be Off (the caller's business). */
uint32_t nm_issue(nm_coprocessor *coprocessor, uint32_t operation, uint32_t rs1, uint32_t rs2, uint64_t mcycle);

/* Runs whose inputs and outputs are arrays of the host (src/batch.c). */

/* What the rows of an input array are. */
enum nm_stream_kind {
    NM_STREAM_COPY = 0, /* `bytes` bytes as they go into the buffer */
    NM_STREAM_PACK = 1, /* n bytes of 0 and 1, which become bits */
    NM_STREAM_QUEUE = 2 /* a count and event words, injected into queue n, empty at first; needs a window of 1 */
};

/* A stream of the network and the array that belongs to it: a row for each step, all steps of a sample, all samples. */
typedef struct nm_stream {
    uint8_t *data;   /* inputs: the rows, NULL for silence; outputs are placed by the run */
    uint64_t filled; /* inputs: bytes of the stream that may be non-zero; kept by the run, 0 for fresh RAM */
    uint32_t kind, n;
    uint32_t offset; /* in RAM, of the buffer of step 0 */
    uint32_t bytes;  /* of the buffer of one step */
    uint32_t lead;   /* outputs: bytes in front of step 0 that hold the step before; 0 or `bytes` */
} nm_stream;

/* What to run and what to move. */
typedef struct nm_plan {
    nm_stream *streams; /* inputs, then outputs */
    uint32_t inputs, outputs;
    uint32_t net;    /* address of the NET */
    uint32_t window; /* steps that the streams have room for: most steps of one nm.run */
    uint32_t state_offset, state_bytes; /* the RAM that differs from sample to sample */
    uint64_t tally[9];                  /* the counters of the manual, then what nm.run returned, summed up */
} nm_plan;

/* Samples that start alike; threads with a coprocessor and a plan each may share one of these. */
typedef struct nm_samples {
    uint32_t samples, steps;
    uint32_t next; /* the first sample that nobody has taken */
    uint32_t time, random, reward; /* nm_t, nm_rng and nm_rew at the start */
    const uint32_t *seeds;         /* NULL, or nm_rng for each sample */
    const uint8_t *start;          /* state_bytes bytes, then the lead of each output */
} nm_samples;

enum nm_run_end {
    NM_RUN_DONE = 0,
    NM_RUN_MORE = 1,
    NM_RUN_FAILED = 2,    /* nm.run ended with an error (front.result, nm_eaddr), or the plan does not fit the RAM */
    NM_RUN_NOT_SPIKES = 3 /* a byte to be packed is neither 0 nor 1 */
};

/* Run steps [first, last) of `steps` from the present state. `block` receives the tally, then the rows of each output;
   the tally starts anew with first = 0. ETRAP must be 0. Gives an nm_run_end. */
uint32_t nm_run_steps(nm_coprocessor *coprocessor, nm_plan *plan, void *block, uint32_t steps, uint32_t first,
                      uint32_t last, uint32_t reward);
/* Take and run at most `limit` samples; adds to the plan's tally and fills the outputs in `block`, which is as above.
   Gives an nm_run_end: NM_RUN_DONE when no sample is left. */
uint32_t nm_run_samples(nm_coprocessor *coprocessor, nm_plan *plan, void *block, nm_samples *samples, uint32_t limit);

/* The long operations in one instruction set. */
typedef struct nm_kernels nm_kernels;
/* Those of a name (nm_simd_level), NULL if this machine cannot run them; of NULL, the fastest. */
const nm_kernels *nm_find_kernels(const char *name);
/* Rows of `bytes` bytes, from byte `start` of a block on, whose first n bits, low bit first, become n bytes of 0 and 1
   each; n is at most 8 * bytes, `bytes` a multiple of 4. */
void nm_unpack_bits(const nm_kernels *kernels, uint8_t *to, const uint8_t *block, uint64_t start, uint64_t rows,
                    uint32_t bytes, uint32_t n);
/* The bits that are set in rows of `bytes` bytes, from row *row on, as pairs (row, bit) in order; gives their number. It
   ends, with *row the next one, at `rows` or when the room for `room` pairs could be too small for another row. `bytes` is a
   multiple of 4. */
uint64_t nm_list_events(int64_t *events, uint64_t room, const uint8_t *from, uint64_t *row, uint64_t rows,
                        uint32_t bytes);

/* Register-level instructions, named after their mnemonics; rd first where the old value is read. They push and draw
   as specified; ST is the caller's business. */
uint32_t nm_popc(nm_coprocessor *coprocessor, uint32_t rs1);
uint32_t nm_andpop(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_xnorpop(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_ffs(nm_coprocessor *coprocessor, uint32_t rs1);
uint32_t nm_clrlsb(nm_coprocessor *coprocessor, uint32_t rs1);
uint32_t nm_spush(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_evpk(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_evad(nm_coprocessor *coprocessor, uint32_t rs1);
uint32_t nm_evts(nm_coprocessor *coprocessor, uint32_t rs1);
uint32_t nm_sacc8(nm_coprocessor *coprocessor, uint32_t rd, uint32_t rs1, uint32_t rs2);
uint32_t nm_sacc4(nm_coprocessor *coprocessor, uint32_t rd, uint32_t rs1, uint32_t rs2);
uint32_t nm_sacct(nm_coprocessor *coprocessor, uint32_t rd, uint32_t rs1, uint32_t rs2);
uint32_t nm_saccb(nm_coprocessor *coprocessor, uint32_t rd, uint32_t rs1, uint32_t rs2);
uint32_t nm_dot8(nm_coprocessor *coprocessor, uint32_t rd, uint32_t rs1, uint32_t rs2);
uint32_t nm_vadds(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_vwadl(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_vwadh(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_tnsyn(nm_coprocessor *coprocessor, uint32_t rd, uint32_t rs1);
uint32_t nm_dec(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_decs(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_integ(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_lif(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_cubi(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_cubv(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_thr(nm_coprocessor *coprocessor, uint32_t rs1);
uint32_t nm_cmp(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_athd(nm_coprocessor *coprocessor, uint32_t rs1);
uint32_t nm_izh(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_tn(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_sdsig(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_sdact(nm_coprocessor *coprocessor, uint32_t rs1);
uint32_t nm_sdthr(nm_coprocessor *coprocessor, uint32_t rs1);
uint32_t nm_rnd(nm_coprocessor *coprocessor);
uint32_t nm_rndn(nm_coprocessor *coprocessor, uint32_t rs1);
uint32_t nm_srsr(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_srnr(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_srtz(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_bern(nm_coprocessor *coprocessor, uint32_t rs1);
uint32_t nm_sat(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_trd(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_tri(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_wadd8(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_stdw(nm_coprocessor *coprocessor, uint32_t rd, uint32_t rs1, uint32_t rs2);
uint32_t nm_eld(nm_coprocessor *coprocessor, uint32_t rd, uint32_t rs1, uint32_t rs2);
uint32_t nm_bltp(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_bltd(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_sdsp(nm_coprocessor *coprocessor, uint32_t rs1, uint32_t rs2);
uint32_t nm_eph(nm_coprocessor *coprocessor, uint32_t rs1);
uint32_t nm_epw(nm_coprocessor *coprocessor, uint32_t rd, uint32_t rs1, uint32_t rs2);

#endif
