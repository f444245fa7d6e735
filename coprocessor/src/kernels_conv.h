/* Convolutions: every active pixel and channel adds runs of weights, one for each kernel position it meets. */

/* cur[0..NM_WORDS) += weights * scale */
static inline void add_vector(uint8_t *cur, const uint8_t *weights, uint32_t scale)
{
    nm_vu32 w = (nm_vu32)v_load_s8_words(weights);
    v_store(cur, (nm_v32)((nm_vu32)v_load(cur) + w * scale));
}

/* The same for the 8 and 4 accumulators that are less than a vector. */
#if defined(NM_AVX512)
static inline void add_eight(uint8_t *cur, const uint8_t *weights, uint32_t scale)
{
    __m256i w = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i_u *)weights));
    w = _mm256_mullo_epi32(w, _mm256_set1_epi32((int32_t)scale));
    _mm256_storeu_si256((__m256i_u *)cur, _mm256_add_epi32(_mm256_loadu_si256((const __m256i_u *)cur), w));
}
#endif
#if defined(NM_AVX512) || defined(NM_AVX2)
static inline void add_four(uint8_t *cur, const uint8_t *weights, uint32_t scale)
{
    __m128i w = _mm_cvtepi8_epi32(_mm_cvtsi32_si128((int32_t)nm_get32(weights)));
    w = _mm_mullo_epi32(w, _mm_set1_epi32((int32_t)scale));
    _mm_storeu_si128((__m128i_u *)cur, _mm_add_epi32(_mm_loadu_si128((const __m128i_u *)cur), w));
}
#endif

static inline void add_one(uint8_t *cur, const uint8_t *weight, uint32_t scale)
{
    nm_put32(cur, nm_get32(cur) + (uint32_t)(int8_t)*weight * scale);
}

/* cur[0..count) += weights * scale */
static inline __attribute__((always_inline)) void add_run(uint8_t *cur, const uint8_t *weights, const uint32_t count,
                                                          uint32_t scale)
{
    uint32_t k = 0;
    for (; k + NM_WORDS <= count; k += NM_WORDS) {
        add_vector(cur + 4 * k, weights + k, scale);
    }
#if defined(NM_AVX512)
    if (count & 8) {
        add_eight(cur + 4 * k, weights + k, scale);
        k += 8;
    }
#endif
#if defined(NM_AVX512) || defined(NM_AVX2)
    if (count & 4) {
        add_four(cur + 4 * k, weights + k, scale);
        k += 4;
    }
#endif
    for (; k < count; k++) {
        add_one(cur + 4 * k, weights + k, scale);
    }
}

/* x / d for x < 2^16: the product of x and this, shifted right by 32. */
static inline uint64_t reciprocal(uint32_t d) { return (UINT64_C(1) << 32) / d + 1; }
static inline uint32_t divide(uint32_t x, uint64_t r) { return (uint32_t)(x * r >> 32); }

/* The weights of all kernel positions a row meets. */
static inline __attribute__((always_inline)) void add_positions(const nm_conv *conv, uint8_t *cur,
                                                                const uint8_t *weights, uint32_t down, uint32_t across,
                                                                size_t back, size_t on, const uint32_t run,
                                                                uint32_t scale)
{
    for (uint32_t a = 0; a < down; a++, cur -= conv->down_cur, weights += conv->down_weights) {
        for (uint32_t b = 0; b < across; b++) {
            add_run(cur - b * back, weights + b * on, run, scale);
        }
    }
}

enum { NM_CONV_ROWS = 64 };

/* Where rows begin. */
typedef struct conv_rows {
    uint64_t places[NM_CONV_ROWS];
    uint32_t counts[NM_CONV_ROWS];
} conv_rows;

/* Find `count` rows, a loop of its own so that the long way to an address does not hold up additions. */
static inline void find_rows(const nm_conv *conv, const uint16_t *row, uint32_t count, conv_rows *found)
{
    const uint64_t by_channels = reciprocal(conv->channels), by_width = reciprocal(conv->width);
    for (uint32_t k = 0; k < count; k++) {
        uint32_t place = divide(row[k], by_channels), channel = row[k] - place * conv->channels;
        uint32_t y = divide(place, by_width), x = place - y * conv->width;
        found->places[k] = conv->down[y].places + conv->across[x].places + channel * conv->channel_places;
        found->counts[k] = conv->down[y].counts + conv->across[x].counts;
    }
}

/* All rows, with runs of `run` weights; `dense`: without stride or padding of runs. */
static inline __attribute__((always_inline)) void add_pixels(const nm_conv *conv, const nm_rows *r, nm_conv_work *work,
                                                             const uint32_t run, const bool dense)
{
    const size_t back = dense ? 4 * run : conv->across_cur, on = dense ? run : conv->across_weights;
    uint64_t positions = 0, cycles = 0;
    conv_rows found;
    for (uint32_t first = 0; first < r->count; first += NM_CONV_ROWS) {
        uint32_t count = r->count - first < NM_CONV_ROWS ? r->count - first : NM_CONV_ROWS;
        find_rows(conv, r->row + first, count, &found);
        for (uint32_t k = 0; k < count; k++) {
            uint32_t down = found.counts[k] & 0xFFFF, across = found.counts[k] >> 16;
            uint32_t scale = r->value ? r->value[first + k] : 1u << r->shift;
            uint8_t *cur = r->cur + (uint32_t)found.places[k];
            const uint8_t *weights = r->weights + (found.places[k] >> 32);
            positions += down * across;
            cycles += conv->cycles[down * across];
            /* Constant loops for kernels of 3 x 3 and the borders of their images, where branches are hard to predict. */
            switch (found.counts[k]) {
            case 3u << 16 | 3: add_positions(conv, cur, weights, 3, 3, back, on, run, scale); break;
            case 3u << 16 | 2: add_positions(conv, cur, weights, 2, 3, back, on, run, scale); break;
            case 2u << 16 | 3: add_positions(conv, cur, weights, 3, 2, back, on, run, scale); break;
            case 1u << 16 | 1: add_positions(conv, cur, weights, 1, 1, back, on, run, scale); break;
            default: add_positions(conv, cur, weights, down, across, back, on, run, scale); break;
            }
        }
    }
    work->positions += positions;
    work->cycles += cycles;
}

static void add_conv(const nm_conv *conv, const nm_rows *r, nm_conv_work *work)
{
    bool dense = conv->across_cur == 4 * conv->run && conv->across_weights == conv->run;
    switch (dense ? conv->run : conv->run == 1) {
    case 1: add_pixels(conv, r, work, 1, false); break;
    case 8: add_pixels(conv, r, work, 8, true); break;
    case 16: add_pixels(conv, r, work, 16, true); break;
    case 32: add_pixels(conv, r, work, 32, true); break;
    default: add_pixels(conv, r, work, conv->run, false); break;
    }
}
