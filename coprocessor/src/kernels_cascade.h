/* Layers over many steps: sums of rows with the weights of a strip of columns in the first cache, and neurons whose state
   stays in registers from step to step. Nothing is checked here: cascade.c knows that all values are within the limits of
   short forms. */

/* One strip of NM_BYTES columns from `column` on: s8 as u8 that are 128 more, and a last row of zeros. */
static void pack_strip(const nm_sheet *s, uint32_t column)
{
    const nm_vu8 more = v8_all(0x80);
    const uint8_t *from = s->weights + column;
    uint8_t *to = s->packed;
    uint32_t width = s->m - column < NM_BYTES ? s->m - column : NM_BYTES;
    /* What is read behind the last column is nobody's sum. */
    const bool whole = (size_t)(s->readable - from) >= s->pitch * (s->n - 1) + NM_BYTES;
    for (uint32_t row = 0; row < s->n; row++, from += s->pitch, to += NM_BYTES) {
        if (whole) {
            v8_store(to, v8_load(from) ^ more);
        } else {
            uint8_t padded[NM_BYTES] = {0};
            memcpy(padded, from, width);
            v8_store(to, v8_load(padded) ^ more);
        }
    }
    v8_store(to, more);
}

/* Sums of the strip in one step: those of even columns have those of odd ones above them, 256 fold, until the end. */
NM_INLINE nm_v16 sum_strip(const nm_sheet *s, uint32_t first, uint32_t end, int16_t *to)
{
    nm_vu16 both = {0}, upper = {0};
    const uint16_t *row = s->row + first;
    for (uint32_t k = first; k < end; k += NM_ROWS_TOGETHER, row += NM_ROWS_TOGETHER) {
#pragma GCC unroll 8
        for (uint32_t q = 0; q < NM_ROWS_TOGETHER; q++) {
            nm_vu16 x = v_load_halves_once(s->packed + NM_BYTES * (size_t)row[q]);
            both += x;
            upper += x >> 8;
        }
    }
    const nm_vu16 more = (uint16_t)(128 * (end - first)) - (nm_vu16){0};
    both -= (upper << 8) + more;
    upper -= more;
    nm_v16 low = (nm_v16)v_zip_low16(both, upper), high = (nm_v16)v_zip_high16(both, upper);
    memcpy(to, &low, sizeof low);
    memcpy(to + NM_HALVES, &high, sizeof high);
    return (low ^ (low >> 15)) | (high ^ (high >> 15));
}

static uint32_t sum_sheet(const nm_sheet *s)
{
    nm_v16 seen = {0};
    for (uint32_t column = 0; column < s->m; column += NM_BYTES) {
        int16_t *to = s->sums + (size_t)(column / NM_SHEET_COLUMNS) * s->steps * NM_SHEET_COLUMNS;
        to += column % NM_SHEET_COLUMNS;
        pack_strip(s, column);
        for (uint32_t step = 0, first = 0; step < s->steps; first = s->end[step++]) {
            seen |= sum_strip(s, first, s->end[step], to + (size_t)step * NM_SHEET_COLUMNS);
        }
    }
    uint32_t bound = 0;
    for (unsigned k = 0; k < NM_HALVES; k++) {
        bound |= (uint16_t)seen[k];
    }
    return bound;
}

enum { COURSE_VECTORS = SHORT_VECTORS > 4 ? SHORT_VECTORS : 4, COURSE_NEURONS = NM_WORDS * COURSE_VECTORS };
_Static_assert(NM_SHEET_COLUMNS % COURSE_NEURONS == 0 && NM_SHEET_COLUMNS % NM_BYTES == 0, "strips fit");

/* COURSE_NEURONS or the last ones, from `first` on. */
NM_INLINE uint64_t course_of(const nm_pop *pop, const nm_course *c, uint32_t first, const uint32_t profile,
                             const bool refractory, const unsigned form)
{
    const unsigned words = 1u + (profile == NM_CUBA) + refractory;
    short_neuron n = short_neuron_of(&pop->small);
    const uint32_t left = pop->n - first, count = left < COURSE_NEURONS ? left : COURSE_NEURONS;
    const uint64_t valid = UINT64_MAX >> (64 - count);
    const size_t bytes = 4 * (size_t)nm_words(count);
    const int16_t *sums = c->sums + (size_t)(first / NM_SHEET_COLUMNS) * c->steps * NM_SHEET_COLUMNS;
    sums += first % NM_SHEET_COLUMNS;
    short_vector x[COURSE_VECTORS];
    nm_v32 besides[COURSE_VECTORS];
    nm_part part[COURSE_VECTORS];
    for (unsigned k = 0; k < COURSE_VECTORS; k++) {
        uint32_t before = NM_WORDS * k, lanes = count < before ? 0 : count - before;
        size_t place = 4 * (size_t)(first + before);
        part[k] = v_part(lanes < NM_WORDS ? lanes : NM_WORDS);
        besides[k] = v_all(0);
        if (lanes) {
            for (unsigned q = 0; q < words; q++) {
                x[k].state[q] = v_load_part(c->state[q] + place, part[k]);
            }
            besides[k] = c->cur ? v_load_part(c->cur + place, part[k]) : besides[k];
        } else {
            x[k] = (short_vector){{v_all(0), v_all(0), v_all(0)}, v_none()};
        }
    }
    uint64_t spikes = 0;
    for (uint32_t step = 0; step < c->steps; step++, sums += NM_SHEET_COLUMNS) {
        uint64_t fired = 0;
        n.shift = pop->small.shift + (step == 0 ? 0 : c->exponent);
#pragma GCC unroll 8
        for (unsigned k = 0; k < COURSE_VECTORS; k++) {
            nm_v32 input = v_widen_s16(sums + NM_WORDS * k);
            input = step == 0 ? wrapped((nm_v32)((nm_vu32)input << c->exponent), besides[k]) : input;
            short_next(&n, input, &x[k], profile, refractory, form);
            fired |= (uint64_t)v_bits(x[k].spikes) << NM_WORDS * k;
        }
        fired &= valid;
        spikes += (uint64_t)__builtin_popcountll(fired);
        if (c->out) {
            uint8_t *to = c->out + c->stride * step + first / 8;
            if (bytes == COURSE_NEURONS / 8) {
                memcpy(to, &fired, COURSE_NEURONS / 8);
            } else {
                memcpy(to, &fired, 4);
            }
        }
    }
    for (unsigned k = 0; k < COURSE_VECTORS && NM_WORDS * k < count; k++) {
        for (unsigned q = 0; q < words; q++) {
            v_store_part(c->state[q] + 4 * (size_t)(first + NM_WORDS * k), part[k], x[k].state[q]);
        }
    }
    return spikes;
}

typedef uint64_t course_function(const nm_pop *pop, const nm_course *c, uint32_t first);

#define COURSE(name, profile, refractory, form) \
    static __attribute__((noinline)) uint64_t name(const nm_pop *pop, const nm_course *c, uint32_t first) \
    { \
        return course_of(pop, c, first, profile, refractory, form); \
    }
#define COURSES(name, profile, refractory) \
    COURSE(name, profile, refractory, SHORT_GENERAL) COURSE(name##_clipless, profile, refractory, SHORT_CLIPLESS)

COURSES(course_if, NM_IF, false)
COURSES(course_lif, NM_LIF, false)
COURSES(course_cuba, NM_CUBA, false)
COURSES(course_refractory_if, NM_IF, true)
COURSES(course_refractory_lif, NM_LIF, true)
COURSES(course_refractory_cuba, NM_CUBA, true)

static uint64_t update_course(const nm_pop *pop, const nm_course *c)
{
    static course_function *const functions[][2][2] = { /* [profile][refractory][clipless] */
        [NM_IF] = {{course_if, course_if_clipless}, {course_refractory_if, course_refractory_if_clipless}},
        [NM_LIF] = {{course_lif, course_lif_clipless}, {course_refractory_lif, course_refractory_lif_clipless}},
        [NM_CUBA] = {{course_cuba, course_cuba_clipless}, {course_refractory_cuba, course_refractory_cuba_clipless}},
    };
    course_function *function = functions[pop->profile][pop->refractory != 0][pop->small.clipless];
    uint64_t spikes = 0;
    for (uint32_t first = 0; first < pop->n; first += COURSE_NEURONS) {
        spikes += function(pop, c, first);
    }
    return spikes;
}
