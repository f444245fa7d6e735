/* The interpreter: threaded code over an array of predecoded instructions, one record for each word of RAM.
 *
 * GENERATED PARTS stand where an @NAME@ is; they come from the instruction definitions. Edit this file for the frame,
 * the definitions for what an instruction does.
 *
 *   acc (64 bits):  [63:45] instructions granted and not yet retired; since the last settle(): [44:26] loads and
 *   stores, [25:0] cycles. A retired instruction adds step = cost + accesses * 2^26 - 2^45; acc < 0 means that the
 *   grant is used up. remaining() grants no more than the fields can hold.
 *
 * Every instruction has a careful handler that does all there is to do, and most have a fast one that gives up (SLOW)
 * before its first side effect when something rare comes: the careful one then repeats the instruction. The fast
 * handlers check the grant at jumps and at every EDGE-th record only, so they get SLACK instructions less than there
 * are; the careful ones finish the rest. Counters, pc and traps are therefore exact at every slow path.
 *
 * In the fast handlers `last` is the destination value of the record before d: the decoder chooses handlers that take
 * a source from it where the instruction before wrote that source. Whoever arrives from elsewhere loads it (ARRIVE).
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

@UNIT_INCLUDE@
@DECLARATIONS@
@CONSTANTS@

/* clang needs minutes for the many labels of the pairs, so it goes without them. */
#ifndef NH_PAIRS
#ifdef __clang__
#define NH_PAIRS 0
#else
#define NH_PAIRS 1
#endif
#endif

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

enum { EDGE = 1024, SLACK = 2 * EDGE, OBSERVED_GRANT = 256, RECORDED = 1, PROFILED = 2 };
enum { MOST_ELAPSED = 1 << 28 /* cycles of a coprocessor until the host may look for Ctrl-C again */ };
enum { ACCESS_SHIFT = 26, GRANT_SHIFT = 45, MOST_CYCLES = (1 << ACCESS_SHIFT) - 1 };
enum { MOST_ACCESSES = (1 << (GRANT_SHIFT - ACCESS_SHIFT)) - 1, MAXIMUM_GRANT = (1 << (63 - GRANT_SHIFT)) - 1 };
enum { OP_UNDECODED, OP_ILLEGAL, OP_OUTSIDE, OP_FIRST = NH_FIRST_OPERATION, OPERATIONS = @OPERATIONS@ };
#define ONE (UINT64_C(1) << GRANT_SHIFT)
#define ACCESSES(count) ((uint64_t)(count) << ACCESS_SHIFT)

__attribute__((unused)) static inline int64_t nh_signed(uint64_t value, unsigned bits)
{
    const uint64_t sign = UINT64_C(1) << (bits - 1);
    const uint64_t low = bits == 64 ? value : value & ((UINT64_C(1) << bits) - 1);
    return (int64_t)((low ^ sign) - sign);
}

__attribute__((unused)) static inline int64_t nh_floor_divide(int64_t a, int64_t b)
{
    if (b == -1) return (int64_t)(0 - (uint64_t)a); /* the result may be 2^63 in an uint64_t */
    const int64_t quotient = a / b;
    return quotient - (a % b != 0 && (a < 0) != (b < 0));
}

__attribute__((unused)) static inline int64_t nh_floor_modulo(int64_t a, int64_t b)
{
    if (b == -1) return 0; /* INT64_MIN % -1 overflows */
    const int64_t remainder = a % b;
    return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
}

/* Retire what acc has counted since the last call; what is still granted stays in it. */
static uint64_t settle(nh_state *s, uint64_t acc)
{
    const uint64_t left = (uint64_t)((int64_t)acc >> GRANT_SHIFT);
    const uint64_t retired = s->granted - left, cycles = acc & MOST_CYCLES;
    const uint32_t inhibited = s->mcountinhibit | s->uncounted;
    s->granted = left;
    s->retired += retired;
    s->cycles += cycles;
    s->accesses += acc >> ACCESS_SHIFT & MOST_ACCESSES;
    if (!(inhibited & COUNT_CYCLES)) s->mcycle += cycles;
    if (!(inhibited & COUNT_RETIRED)) s->minstret += retired;
    s->uncounted = 0;
    return left << GRANT_SHIFT;
}

static uint32_t trap_at(nh_state *s, uint32_t cause, uint32_t value)
{
    s->trap_cause = cause;
    s->trap_value = value;
    return 0;
}

/* ---- Generated: CSR rules, trap entry, interrupt selection ---- */
@FUNCTIONS@

/* Both return 0 with the trap set if the CSR is absent, read-only or refuses; `word` is the instruction's. */
static uint32_t csr_read(nh_state *s, uint32_t number, uint32_t word, uint32_t *value)
{
    s->instruction_word = word;
    s->trapped = !s->csr_enabled[number];
    trap_at(s, CAUSE_ILLEGAL_INSTRUCTION, word);
    if (s->trapped) return 0;
    switch (number) {
@CSR_READS@
    default: return 0;
    }
    return !s->trapped;
}

static uint32_t csr_write(nh_state *s, uint32_t number, uint32_t word, uint32_t value)
{
    s->instruction_word = word;
    s->trapped = !s->csr_enabled[number];
    trap_at(s, CAUSE_ILLEGAL_INSTRUCTION, word);
    if (s->trapped) return 0;
    switch (number) {
@CSR_WRITES@
    default: return 0;
    }
    return !s->trapped;
}
@DECODER@
@MEMORY@
@PROFILE@
/* ---- The machine proper ---- */
#define PC() (s->ram_base + 4u * (uint32_t)(d - code))
#define WORD() word_at(s, d)
#define ARRIVE() (last = s->x[d[-1].rd])
#define RAM_FITS(offset, size) LIKELY((offset) <= s->ram_size - (size))

uint32_t nh_run(nh_state *restrict s)
{
    static const void *const fast[] = {
        &&f_undecoded, &&f_undecoded, &&f_undecoded, &&f_undecoded,
        &&f_slow, &&f_slow, &&f_slow, &&f_slow,
        &&f_slow, &&f_slow, &&f_slow, &&f_slow,
@FAST_LABELS@
#if NH_PAIRS
@PAIR_LABELS@
#endif
    };
    static const void *const careful[] = {
        &&c_undecoded, &&c_illegal, &&c_outside, @CAREFUL_LABELS@
    };
    if (!s->handler_undecoded) {
        s->handler_undecoded = &&f_undecoded;
        s->handler_slow = &&f_slow;
        s->handler_edge = &&f_edge;
        s->code[s->ram_size / 4].handler = &&f_slow;
        s->code[s->ram_size / 4].op = OP_OUTSIDE;
        s->code_low = s->ram_size;
        s->code_high = 0;
        place_store_window(s);
    }
    nh_decoded *const code = s->code;
    nh_decoded *d = code;
    uint64_t acc = 0;
    uint32_t last = 0;
    const nh_decoded *exact = NULL; /* the record that exact_word belongs to */
    uint32_t exact_word = 0;
    const uint32_t observed = (s->ring ? RECORDED : 0u) | (s->by_word ? PROFILED : 0u);
    s->granted = 0;
    s->elapsed = 0;
    s->tallied_cycles = s->cycles;
    s->tallied_accesses = s->accesses;

locate:
    if (s->pc - s->ram_base >= s->ram_size) return needs_attention(s) ? NH_ATTENTION : NH_OUTSIDE;
    d = code + (s->pc - s->ram_base) / 4;
refill:
    exact = NULL;
    acc = settle(s, acc);
    s->pc = PC();
    if (s->waiting) return NH_WAITING;
    if (needs_attention(s)) return NH_ATTENTION;
    if (observed & RECORDED && s->ring_size - s->ring_committed < NH_RING_MARGIN) return NH_TRACE_FULL;
    {
        /* Limits first: an event that is due may take an interrupt back. */
        const uint64_t count = remaining(s);
        if (count == 0) return NH_LIMIT;
        const uint32_t cause = s->mip & s->mie ? pending_interrupt(s) : 0;
        if (cause) {
            if (observed & RECORDED) note_now(s, NH_INTERRUPT, s->pc, cause, 0);
            s->pc = enter_trap(s, cause, 0);
            s->granted = 0;
            acc = 0;
            goto locate;
        }
        if (!observed && count > SLACK) {
            s->granted = count - SLACK;
            acc = s->granted << GRANT_SHIFT;
            if (!d->handler) d->handler = s->handler_undecoded;
            ARRIVE();
            goto *d->handler;
        }
        s->granted = observed & RECORDED && count > OBSERVED_GRANT ? OBSERVED_GRANT : count;
        acc = s->granted << GRANT_SHIFT;
        goto *careful[d->op];
    }

trap: /* s->trap_cause and trap_value are set; the instruction has not retired */
    acc = settle(s, acc);
    s->pc = PC();
    if (observed & PROFILED) tally(s, d, exact == d ? &exact_word : NULL, acc, 0);
    s->ring_used = s->ring_committed;
    /* The access has not been answered: its instruction is left to be run again. */
    if (s->attention == NH_HOST_FAILED) return NH_ATTENTION;
    /* A handler that begins with the trapping instruction would trap for ever. */
    if (handler_address(s, s->trap_cause) == s->pc) return NH_STUCK;
    if (observed & RECORDED) note_now(s, NH_TRAP, s->pc, s->trap_cause, s->trap_value);
    s->pc = enter_trap(s, s->trap_cause, s->trap_value);
    s->granted = 0;
    acc = 0;
    goto locate;

    /* ---- Fast handlers ---- */
f_undecoded:
    decode(s, d, fast);
    goto *d->handler;
f_edge:
    if ((int64_t)acc < 0) goto refill;
    goto *fast[4u * d->op];
f_slow: /* one instruction by its careful handler */
    acc = settle(s, acc);
    s->granted = 1;
    acc = ONE;
    goto *careful[d->op];

#define SLOW() goto f_slow
#define WRITE_X(index, value) s->x[index] = last = (value)
#define NEXT() do { acc += d->step; d++; goto *d->handler; } while (0)
#define GO_ON() do { acc += d->step; d++; } while (0)
#define CHECK_DIRECT(distance) ((void)0)
#define DISTANCE(bytes) ((ptrdiff_t)(bytes) * (ptrdiff_t)(sizeof(nh_decoded) / 4))
#define JUMP_DIRECT(distance, extra) \
    do { \
        acc += d->step + (extra); \
        d = (nh_decoded *)((char *)d + DISTANCE(distance)); \
        if (UNLIKELY((int64_t)acc < 0)) goto refill; \
        ARRIVE(); \
        goto *d->handler; \
    } while (0)
#define CHECK_TARGET(to) \
    const uint32_t to_offset = (to) - s->ram_base; \
    if (UNLIKELY(((to) & 3u) || to_offset >= s->ram_size)) SLOW()
#define JUMP(to, extra) \
    do { \
        acc += d->step + (extra); \
        d = code + to_offset / 4; \
        if (UNLIKELY(!d->handler)) d->handler = s->handler_undecoded; \
        if (UNLIKELY((int64_t)acc < 0)) goto refill; \
        ARRIVE(); \
        goto *d->handler; \
    } while (0)
#define LOAD(type, size, result, address) \
    do { \
        const uint32_t offset = (address) - s->ram_base; \
        type loaded; \
        if (UNLIKELY((offset & (size - 1)) || offset > s->ram_size - size)) SLOW(); \
        memcpy(&loaded, s->ram + offset, size); \
        result = loaded; \
    } while (0)
#define LOAD8(result, address) LOAD(uint8_t, 1u, result, address)
#define LOAD16(result, address) LOAD(uint16_t, 2u, result, address)
#define LOAD32(result, address) LOAD(uint32_t, 4u, result, address)
#define STORE(type, size, address, value) \
    do { \
        const uint32_t offset = (address) - s->ram_base; \
        const type stored = (type)(value); \
        if (UNLIKELY((offset & (size - 1)) || offset - s->window_low >= s->window_size)) SLOW(); \
        memcpy(s->ram + offset, &stored, size); \
    } while (0)
#define STORE8(address, value) STORE(uint8_t, 1u, address, value)
#define STORE16(address, value) STORE(uint16_t, 2u, address, value)
#define STORE32(address, value) STORE(uint32_t, 4u, address, value)
#define TRAP(cause, value) do { (void)(cause); (void)(value); SLOW(); } while (0)

@FAST_HANDLERS@
#if NH_PAIRS
@PAIR_HANDLERS@
#endif

#undef WRITE_X
#undef NEXT
#undef GO_ON
#undef CHECK_DIRECT
#undef JUMP_DIRECT
#undef CHECK_TARGET
#undef JUMP
#undef LOAD8
#undef LOAD16
#undef LOAD32
#undef STORE8
#undef STORE16
#undef STORE32
#undef TRAP

#define TRAP_NOW(cause, value) do { trap_at(s, cause, value); goto trap; } while (0)

    /* ---- Careful handlers ---- */
c_undecoded:
    decode(s, d, fast);
    goto *careful[d->op];
c_illegal:
    s->instruction_word = word_at(s, d);
    if ((s->instruction_word & 3u) != 3u) s->instruction_word &= 0xFFFFu;
    TRAP_NOW(CAUSE_ILLEGAL_INSTRUCTION, s->instruction_word);
c_outside:
    s->pc = s->ram_base + s->ram_size;
    acc = settle(s, acc);
    return needs_attention(s) ? NH_ATTENTION : NH_OUTSIDE;

#define TRAP(cause, value) TRAP_NOW(cause, value)
#define WRITE_X(index, value) s->x[index] = (value)
/* From here on the counters are exact, and the instruction is followed by a refill. It may overwrite its own word. */
#define EXACT() \
    do { \
        if (exact != d) { \
            exact = d; \
            exact_word = WORD(); \
        } \
        s->pc = PC(); \
        acc = settle(s, acc); \
        s->granted = 1; \
        acc = ONE; \
    } while (0)
#define RECORD() \
    do { \
        if (observed & RECORDED) { \
            const uint32_t written = WRITES_RD[d->op] ? d->rd & 31u : 0u; \
            note(s, NH_RETIRED | written << 8, PC(), exact == d ? exact_word : WORD(), s->x[written]); \
            s->ring_committed = s->ring_used; \
        } \
        if (observed & PROFILED) tally(s, d, exact == d ? &exact_word : NULL, acc, 1); \
    } while (0)
#define RETIRE(destination) \
    do { \
        RECORD(); \
        d = (destination); \
        if ((int64_t)acc < (int64_t)ONE) goto refill; \
        goto *careful[d->op]; \
    } while (0)
#define NEXT() do { acc += d->step; RETIRE(d + 1); } while (0)
#define CHECK_DIRECT(distance) CHECK_TARGET(PC() + (uint32_t)(distance))
#define JUMP_DIRECT(distance, extra) do { acc += d->step + (extra); LAND(); } while (0)
#define JUMP(to, extra) do { acc += d->step + (extra); LAND(); } while (0)
#define CHECK_TARGET(to) \
    const uint32_t landing = (to); \
    if (UNLIKELY(landing & 3u)) TRAP_NOW(CAUSE_INSTRUCTION_ADDRESS_MISALIGNED, landing)
#define LAND() \
    do { \
        if (landing - s->ram_base < s->ram_size) RETIRE(code + (landing - s->ram_base) / 4); \
        RECORD(); \
        acc = settle(s, acc); \
        s->pc = landing; \
        return s->waiting ? NH_WAITING : needs_attention(s) ? NH_ATTENTION : NH_OUTSIDE; \
    } while (0)
#define CAREFUL_LOAD(size, result, address) \
    do { \
        const uint32_t where = (address); \
        if (!RAM_FITS(where - s->ram_base, size)) EXACT(); \
        if (!load_slow(s, where, size, &(result))) goto trap; \
    } while (0)
#define LOAD8(result, address) CAREFUL_LOAD(1u, result, address)
#define LOAD16(result, address) CAREFUL_LOAD(2u, result, address)
#define LOAD32(result, address) CAREFUL_LOAD(4u, result, address)
#define CAREFUL_STORE(size, mask, address, value) \
    do { \
        EXACT(); \
        if (!store_slow(s, address, size, (value) & mask)) goto trap; \
    } while (0)
#define STORE8(address, value) CAREFUL_STORE(1u, 0xFFu, address, value)
#define STORE16(address, value) CAREFUL_STORE(2u, 0xFFFFu, address, value)
#define STORE32(address, value) CAREFUL_STORE(4u, 0xFFFFFFFFu, address, value)
#define READ_CSR(result, number) \
    do { \
        EXACT(); \
        if (!csr_read(s, number, WORD(), &(result))) goto trap; \
    } while (0)
#define WRITE_CSR(number, value) \
    do { \
        EXACT(); \
        if (!csr_write(s, number, WORD(), value)) goto trap; \
        if (observed & RECORDED) { \
            uint32_t written_value = 0; \
            csr_read(s, number, 0, &written_value); \
            note(s, NH_CSR | (number) << 8, written_value, 0, 0); \
        } \
    } while (0)
#define ELAPSE(count) \
    do { \
        EXACT(); \
        const uint64_t passed = (count); \
        s->cycles += passed; \
        if (!(s->mcountinhibit & COUNT_CYCLES)) s->mcycle += passed; \
        s->elapsed += passed; \
        s->has_elapsed = 1; \
    } while (0)
#define NOTE_COMMAND(operation, outcome, rs1, rs2, result, cycles, spikes) \
    do { \
        if (observed & RECORDED) { \
            note_now(s, NH_COMMAND | ((operation) | (outcome) << 22) << 8, rs1, rs2, result); \
            note_now(s, NH_COST, (uint32_t)(cycles), spikes, (uint32_t)((cycles) >> 32)); \
        } \
    } while (0)
#define SUSPEND() \
    do { \
        EXACT(); \
        if (observed & PROFILED) tally(s, d, &exact_word, 0, 0); \
        s->attention = 1; \
        s->granted = 0; \
        acc = 0; \
        goto refill; \
    } while (0)
#define WAIT() do { EXACT(); s->waiting = 1; } while (0)
#define SYNCHRONISE() do { EXACT(); s->attention = 1; } while (0)

@CAREFUL_HANDLERS@
}

/* ---- Creation ---- */
/* One record a word of RAM, one in front for the `last` of the first, one behind that leads outside. */
static size_t records(uint32_t ram_size)
{
    return (size_t)ram_size / 4 + 2;
}

const char *nh_mnemonic(uint32_t operation)
{
    const uint32_t index = operation - OP_FIRST;
    return index < sizeof MNEMONICS / sizeof *MNEMONICS ? MNEMONICS[index] : NULL;
}

nh_state *nh_new(uint8_t *ram, uint32_t base, uint32_t size, void *host)
{
    nh_state *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    const size_t bytes = records(size) * sizeof(nh_decoded);
    void *code = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (code == MAP_FAILED) {
        free(s);
        return NULL;
    }
    s->code = (nh_decoded *)code + 1;
    s->ram = ram;
    s->ram_base = base;
    s->ram_size = size;
    s->host = host;
    s->maximum_cost = 1;
    return s;
}

void nh_free(nh_state *s)
{
    if (!s) return;
    nh_profile(s, 0);
    munmap(s->code - 1, records(s->ram_size) * sizeof(nh_decoded));
    free(s);
}

void nh_limit_stores(nh_state *s, uint32_t low, uint32_t high)
{
    s->htif_low = low;
    s->htif_high = high;
    if (s->handler_undecoded) place_store_window(s);
}
