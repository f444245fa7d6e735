/* Two implementations of one instruction on the same machines, for all of them or for as many as there is time.

   Generated around this file by iss/extension/harness.py. What a case holds is drawn the moment it is first looked at:
   from the bits of a counter (all cases) or from a generator of random and corner values. Usage:
   PROGRAM all FIRST COUNT | PROGRAM random COUNT SEED SECONDS; the last line is `same ...` or `differ ...`. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HAS_STORES = @HAS_STORES@ };

typedef struct {
@OPERANDS@
} operands;

typedef struct {
    uint32_t x[33];
    uint32_t pc, target, jumped, trapped, cause, value;
    unsigned side, stores, accesses;
    uint32_t accessed[16]; /* address */
    uint8_t access_kind[16]; /* size, 16 if a store, 32 if refused */
    uint32_t address[16];
    uint8_t byte[16];
@FIELDS@
} machine;

@ARITHMETIC@

/* What a case holds. */
static uint64_t left_over, used, most_used; /* bits of the counter; bits drawn by this case; by any case */
static uint64_t generator[2], memory_key, case_number;
static int drawing_all;

static uint64_t random64(void)
{
    uint64_t a = generator[0];
    const uint64_t b = generator[1];
    generator[0] = b;
    a ^= a << 23;
    generator[1] = a ^ b ^ (a >> 18) ^ (b >> 5);
    return generator[1] + b;
}

static uint64_t corner(unsigned bits)
{
    const uint64_t r = random64(), top = UINT64_C(1) << (bits - 1);
    const uint64_t power = UINT64_C(1) << (r >> 8) % bits;
    switch (r & 15) {
    case 0: return 0;
    case 1: return 1;
    case 2: return UINT64_MAX;
    case 3: return top;
    case 4: return top - 1;
    case 5: return top + 1;
    case 6: return UINT64_MAX - 1;
    case 7: return power;
    case 8: return power - 1;
    case 9: return power + 1;
    case 10: return 0 - power;
    case 11: return 2;
    case 12: return top - 2;
    default: return random64() >> (r >> 32) % 64;
    }
}

static uint64_t draw(unsigned bits)
{
    const uint64_t mask = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    if (drawing_all) {
        const uint64_t value = left_over & mask;
        left_over = bits >= 64 ? 0 : left_over >> bits;
        used += bits;
        return value;
    }
    return (random64() & 1 ? corner(bits) : random64()) & mask;
}

static inline uint64_t widened(uint64_t value, unsigned bits, int is_signed)
{
    return is_signed && bits < 64 && value >> (bits - 1) ? value | UINT64_MAX << bits : value;
}

/* Memory: every byte is a function of its address and of the case; stores are kept beside it. */
static uint32_t mixed(uint32_t address)
{
    uint64_t z = (address ^ memory_key) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 29)) * UINT64_C(0xBF58476D1CE4E5B9);
    return (uint32_t)(z >> 32);
}

static int refused(uint32_t address) { return mixed(address >> 2 ^ 0x5bd1e995u) % 97 == 0; }

static uint8_t byte_at(const machine *s, uint32_t address)
{
    for (unsigned i = s->stores; i-- > 0;)
        if (s->address[i] == address) return s->byte[i];
    return (uint8_t)mixed(address);
}

static uint32_t bytes_at(const machine *s, uint32_t address, unsigned size)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < size; i++) value |= (uint32_t)byte_at(s, address + i) << 8 * i;
    return value;
}

static void put_bytes(machine *s, uint32_t address, uint32_t value, unsigned size)
{
    for (unsigned i = 0; i < size && s->stores < 16; i++) {
        s->address[s->stores] = address + i;
        s->byte[s->stores++] = (uint8_t)(value >> 8 * i);
    }
}

static inline int note_access(machine *s, uint32_t address, unsigned kind)
{
    const int answer = refused(address);
    if (s->accesses < 16) {
        s->accessed[s->accesses] = address;
        s->access_kind[s->accesses++] = (uint8_t)(kind | (answer ? 32u : 0u));
    }
    return answer;
}

/* State of the extension: elements drawn when first touched. */
@STATE@

/* The effects of the generated bodies. */
#define PC() (s->pc)
#define WORD() word_of(d)
#define WRITE_X(index, what) s->x[index] = (what)
#define NEXT() return
#define TRAP(number, what) do { s->trapped = 1; s->cause = (number); s->value = (what); return; } while (0)
#define CHECK_TARGET(to) do { const uint32_t landing = (to); if (landing & 3u) TRAP(0u, landing); } while (0)
#define CHECK_DIRECT(distance) CHECK_TARGET(s->pc + (uint32_t)(distance))
#define JUMP(to, extra) do { s->jumped = 1; s->target = (to); return; } while (0)
#define JUMP_DIRECT(distance, extra) JUMP(s->pc + (uint32_t)(distance), extra)
#define ACCESSES(count) (uint64_t)0
#define ELAPSE(count) ((void)(count))
#define EXACT() ((void)0)
#define LOAD(result, where, size) \
    do { \
        const uint32_t address_ = (where); \
        if (address_ & (size - 1u)) TRAP(4u, address_); \
        if (note_access(s, address_, size)) TRAP(5u, address_); \
        result = bytes_at(s, address_, size); \
    } while (0)
#define STORE(where, what, size) \
    do { \
        const uint32_t address_ = (where); \
        if (address_ & (size - 1u)) TRAP(6u, address_); \
        if (note_access(s, address_, size | 16u)) TRAP(7u, address_); \
        put_bytes(s, address_, what, size); \
    } while (0)
#define LOAD8(result, where) LOAD(result, where, 1u)
#define LOAD16(result, where) LOAD(result, where, 2u)
#define LOAD32(result, where) LOAD(result, where, 4u)
#define STORE8(where, what) STORE(where, what, 1u)
#define STORE16(where, what) STORE(where, what, 2u)
#define STORE32(where, what) STORE(where, what, 4u)

@SIDES@

static void show_side(const char *name, const machine *s, const machine *before)
{
    printf(", \"%s\": {\"trap\": ", name);
    if (s->trapped) printf("[%" PRIu32 ", %" PRIu32 "]", s->cause, s->value);
    else printf("null");
    printf(", \"next\": %" PRIu32 ", \"x\": {", s->jumped ? s->target : s->pc + 4u);
    const char *comma = "";
    for (int i = 1; i < 32; i++)
        if (s->x[i] != before->x[i]) printf("%s\"%d\": %" PRIu32, comma, i, s->x[i]), comma = ", ";
    printf("}, \"memory\": {");
    comma = "";
    for (unsigned i = 0; i < s->stores; i++)
        printf("%s\"%" PRIu32 "\": %u", comma, s->address[i], s->byte[i]), comma = ", ";
    printf("}, \"accesses\": [");
    comma = "";
    for (unsigned i = 0; i < s->accesses; i++) {
        const uint32_t address = s->accessed[i], kind = s->access_kind[i];
        printf("%s[%" PRIu32 ", %u, %u, %u, [", comma, address, kind & 15u, kind >> 4 & 1u, kind >> 5 & 1u);
        for (uint32_t k = 0; k < (kind & 15u); k++) printf("%s%u", k ? ", " : "", (unsigned)(uint8_t)mixed(address + k));
        printf("]]");
        comma = ", ";
    }
    printf("], \"states\": {");
    show_states((int)s->side);
    printf("}}");
}

static inline __attribute__((always_inline)) int same(const machine *a, const machine *b)
{
    if (a->trapped != b->trapped || a->jumped != b->jumped || (a->jumped && a->target != b->target)) return 0;
    if (a->trapped && (a->cause != b->cause || a->value != b->value)) return 0;
    if (@REGISTERS_DIFFER@) return 0;
    for (unsigned i = 0; HAS_STORES && i < a->stores; i++)
        if (byte_at(b, a->address[i]) != byte_at(a, a->address[i])) return 0;
    for (unsigned i = 0; HAS_STORES && i < b->stores; i++)
        if (byte_at(a, b->address[i]) != byte_at(b, b->address[i])) return 0;
@FIELDS_DIFFER@
    return same_states();
}

/* One case; whether both sides agree. Inlined where nobody looks at the machines, so that they live in registers. */
static inline __attribute__((always_inline)) int agree(operands *given, machine *start, machine *first, machine *second)
{
    case_number++;
    used = 0;
    draw_machine(given, start);
    memory_key = drawing_all ? 0 : random64();
@RUN@
    if (used > most_used) most_used = used;
    return same(first, second);
}

static operands given;
static machine start, first, second;

static __attribute__((noinline)) void repeat(void) { agree(&given, &start, &first, &second); }

static void show_case(void)
{
    printf("differ {\"case\": %" PRIu64 ", \"pc\": %" PRIu32 ", \"operands\": {", case_number, start.pc);
    show_operands(&given);
    printf("}, \"x\": {");
    const char *comma = "";
    for (int i = 1; i < 32; i++)
        if (start.x[i]) printf("%s\"%d\": %" PRIu32, comma, i, start.x[i]), comma = ", ";
    printf("}, \"states\": {");
    show_states(2);
    printf("}");
    show_side("first", &first, &start);
    show_side("second", &second, &start);
    printf("}\n");
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int count, char **arguments)
{
    if (count < 4) return 2;
    drawing_all = strcmp(arguments[1], "all") == 0;
    const uint64_t given_number = strtoull(arguments[2], NULL, 10);
    const uint64_t first_case = drawing_all ? given_number : 0;
    const uint64_t cases = drawing_all ? first_case + strtoull(arguments[3], NULL, 10) : given_number;
    const double limit = seconds() + (count > 4 ? atof(arguments[4]) : 1e9);
    generator[0] = strtoull(arguments[3], NULL, 10) * UINT64_C(0x9E3779B97F4A7C15) + 1;
    generator[1] = UINT64_C(0xD1B54A32D192ED03);
    for (int i = 0; i < 16; i++) random64();
    uint64_t done = first_case;
    while (done < cases) {
        const uint64_t stop = cases - done < (1u << 22) ? cases : done + (1u << 22);
        for (; done < stop; done++) {
            const uint64_t seed[2] = { generator[0], generator[1] };
            operands here;
            machine before, one, other;
            left_over = done;
            if (!agree(&here, &before, &one, &other)) {
                left_over = done;
                generator[0] = seed[0];
                generator[1] = seed[1];
                case_number--;
                forget_draws();
                repeat();
                show_case();
                return 1;
            }
        }
        printf("progress %" PRIu64 "\n", done - first_case);
        fflush(stdout);
        if (seconds() > limit) break;
    }
    printf("same %" PRIu64 " %" PRIu64 "\n", done - first_case, most_used);
    return 0;
}
