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

/* All rows, with runs of `run` weights. */
static inline __attribute__((always_inline)) void add_pixels(const nm_conv *conv, const nm_rows *r, uint32_t *meets,
                                                             const uint32_t run)
{
    const uint64_t by_channels = reciprocal(conv->channels), by_width = reciprocal(conv->width);
    const size_t kernel_row = (size_t)conv->kernel * conv->pitch, channel_bytes = conv->kernel * kernel_row;
    const size_t pixel = 4 * (size_t)conv->output_channels, output_row = conv->output_width * pixel;
    for (uint32_t k = 0; k < r->count; k++) {
        uint32_t place = divide(r->row[k], by_channels), channel = r->row[k] - place * conv->channels;
        uint32_t y = divide(place, by_width), x = place - y * conv->width;
        uint32_t scale = r->value ? r->value[k] : 1u << r->shift;
        nm_axis down = conv->vertical[y], across = conv->horizontal[x];
        meets[(uint32_t)down.count * across.count]++;
        const uint8_t *weights =
            r->weights + channel * channel_bytes + down.first * kernel_row + (size_t)across.first * conv->pitch;
        uint8_t *cur = r->cur + down.output * output_row + across.output * pixel + (conv->depthwise ? 4 * channel : 0);
        for (uint32_t a = 0; a < down.count; a++) {
            const uint8_t *w = weights + a * conv->stride * kernel_row;
            uint8_t *to = cur - a * output_row;
            for (uint32_t b = 0; b < across.count; b++) {
                add_run(to - b * pixel, w + (size_t)b * conv->stride * conv->pitch, run, scale);
            }
        }
    }
}

static void add_conv(const nm_conv *conv, const nm_rows *r, uint32_t *meets)
{
    switch (conv->run) {
    case 1: add_pixels(conv, r, meets, 1); break;
    case 4: add_pixels(conv, r, meets, 4); break;
    case 8: add_pixels(conv, r, meets, 8); break;
    case 16: add_pixels(conv, r, meets, 16); break;
    case 32: add_pixels(conv, r, meets, 32); break;
    default: add_pixels(conv, r, meets, conv->run); break;
    }
}
