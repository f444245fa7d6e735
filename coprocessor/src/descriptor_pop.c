/* Validation of POP descriptors in the order of the table of specification 6.2. */
#include "descriptor_words.h"

static const uint32_t parameter_masks[8][4] = {
    [NM_IF] = {0, UINT32_MAX, 0x1F, 0},
    [NM_LIF] = {0x1FFF0000, UINT32_MAX, 0x1F, 0},
    [NM_CUBA] = {0x1FFF1FFF, UINT32_MAX, 0x1F, 0},
    [NM_ALIF] = {0x1FFF1FFF, UINT32_MAX, 0x1F, 0x1FFF1FFF},
    [NM_IZH] = {UINT32_MAX, UINT32_MAX, 0x71F, UINT32_MAX},
    [NM_TN] = {0x3FFF, UINT32_MAX, 0x1F, 0x1FFFF},
    [NM_LI] = {0x1FFF0000, UINT32_MAX, 0x1F, 0},
    [NM_SD] = {0, UINT32_MAX, 0x11F, 0},
};

static bool check_parameters(const nm_words_of *d, uint32_t profile)
{
    for (uint32_t k = 0; k < 4; k++) {
        if (!nm_require_mask(d, 4 + k, parameter_masks[profile][k])) {
            return false;
        }
        if (k == 0 && profile == NM_TN && !nm_require(d, nm_field(d->w[4], 12, 11) != 3, NM_BAD, 4)) {
            return false;
        }
    }
    return true;
}

static bool check_output_stride(const nm_words_of *d, bool graded)
{
    uint32_t n = d->w[1];
    return nm_require_aligned(d, 14, 4) && nm_require(d, d->w[14] >= 4 * (graded ? n : nm_words(n)), NM_BAD, 14);
}

bool nm_read_pop(nm_coprocessor *c, uint32_t address, nm_pop *pop)
{
    nm_words_of d;
    if (!nm_load_words(&d, c, address, NM_TYPE_POP, 16)) {
        return false;
    }
    const uint32_t *w = d.w;
    uint32_t profile = nm_field(w[2], 3, 0), output_mode = nm_field(w[2], 11, 10);
    uint32_t refractory = nm_field(w[2], 23, 16), log_depth = nm_field(w[2], 27, 24);
    bool graded = nm_field(w[2], 12, 12) != 0;
    if (!nm_require_size(&d, 1) || !nm_require_mask(&d, 2, 0x0FFF1FFF) ||
        !nm_require(&d, profile <= NM_SD, NM_UNSUPPORTED, 2) || !nm_require(&d, output_mode != 3, NM_BAD, 2) ||
        !nm_require(&d, refractory == 0 || profile <= NM_CUBA, NM_BAD, 2) ||
        !nm_require(&d, log_depth <= 6, NM_LIMIT, 2) ||
        !nm_require(&d, w[3] >> 11 == 0 && nm_field(w[3], 4, 3) != 3, NM_BAD, 3) || !check_parameters(&d, profile) ||
        !nm_require_pointer(&d, 10, 4)) {
        return false;
    }
    uint32_t replaced = nm_field(w[2], 9, 4);
    if (!(replaced ? nm_require_pointer(&d, 11, 4) : nm_require_zero(&d, 11)) || !nm_require_pointer(&d, 12, 4) ||
        !nm_require_aligned(&d, 13, 4) ||
        !(output_mode != 0 && w[13] != 0 ? check_output_stride(&d, graded) : nm_require_zero(&d, 14)) ||
        !nm_require_aligned(&d, 15, 4)) {
        return false;
    }
    pop->address = address;
    pop->n = w[1];
    pop->profile = profile;
    pop->replaced = replaced;
    pop->output_mode = output_mode;
    pop->refractory = refractory;
    pop->depth = 1u << log_depth;
    pop->state_words = nm_profile_words(profile) + (refractory > 0 ? 1u : 0u);
    pop->graded = graded;
    nm_neuron_decode(&pop->neuron, w[3], w + 4);
    pop->small = nm_short_of(pop);
    pop->state = w[10];
    pop->param = w[11];
    pop->cur = w[12];
    pop->out = w[13];
    pop->stride = w[14];
    pop->acc = w[15];
    return true;
}
