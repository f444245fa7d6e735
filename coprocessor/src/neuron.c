/* Decoding of parameter words (specification 2.5, 2.6) and the state of IZH at rest (7.7). */
#include "neuron.h"

void nm_neuron_decode(nm_neuron *neuron, uint32_t mode, const uint32_t word[NM_PARAMETERS])
{
    static const uint8_t widths[4] = {32, 24, 16, 20};
    neuron->rounding = (uint8_t)nm_field(mode, 1, 0);
    neuron->equal = (uint8_t)nm_field(mode, 2, 2);
    neuron->reset = (uint8_t)nm_field(mode, 4, 3);
    neuron->width = widths[nm_field(mode, 6, 5)];
    neuron->high = (INT64_C(1) << (neuron->width - 1)) - 1;
    neuron->low = nm_field(mode, 7, 7) ? -neuron->high : -neuron->high - 1;
    neuron->wraps = nm_field(mode, 8, 8) != 0;
    neuron->old_current = nm_field(mode, 9, 9) != 0;
    neuron->membrane_low = nm_field(mode, 10, 10) ? 0 : neuron->low;
    for (unsigned q = 0; q < NM_PARAMETERS; q++) {
        nm_neuron_set(neuron, q, word[q]);
    }
}

uint32_t nm_kernel_izh_rest(const nm_neuron *p)
{
    int64_t b = nm_s16(p->word[NM_P0] >> 16), c = nm_s16(p->word[NM_P1]);
    return nm_u32(nm_asr(b * c, 15)) << 16 | (nm_u32(c) & 0xFFFF);
}
