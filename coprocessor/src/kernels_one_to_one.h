/* One weight a neuron: arrays of values, multiplied and added element by element. */

/* `vectors` of NM_WORDS elements; `weights` NULL: all 1. */
static inline __attribute__((always_inline)) uint32_t add_vectors(uint8_t *cur, const uint8_t *values,
                                                                  const uint8_t *weights, uint32_t vectors,
                                                                  unsigned shift)
{
    nm_tally active = {0};
    for (size_t k = 0; k < NM_WORDS * (size_t)vectors; k += NM_WORDS) {
        nm_v32 value = v_load(values + 4 * k);
        nm_vu32 amount = (nm_vu32)value << shift;
        if (weights) {
            amount *= (nm_vu32)v_load_s8_words(weights + k);
        }
        v_tally(&active, v_nonzero(value));
        v_store(cur + 4 * k, (nm_v32)((nm_vu32)v_load(cur + 4 * k) + amount));
    }
    return v_total(active);
}

static uint32_t add_words(uint8_t *cur, const uint8_t *values, const uint8_t *weights, uint32_t n, unsigned shift)
{
    uint32_t active = weights     ? add_vectors(cur, values, weights, n / NM_WORDS, shift)
                      : shift > 0 ? add_vectors(cur, values, NULL, n / NM_WORDS, shift)
                                  : add_vectors(cur, values, NULL, n / NM_WORDS, 0);
    for (uint32_t k = n / NM_WORDS * NM_WORDS; k < n; k++) {
        uint32_t value = nm_get32(values + 4 * (size_t)k);
        active += value != 0;
        nm_add32(cur + 4 * (size_t)k, (weights ? (uint32_t)(int8_t)weights[k] : 1) * value << shift);
    }
    return active;
}
