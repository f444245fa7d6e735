/* Validation of SYN descriptors in the order of the table of specification 6.3. */
#include "descriptor_words.h"

/* Fields of w3. */
typedef struct layout {
    uint32_t format, source, source_mode, delay, fixed_delay, log_depth;
} layout;

static bool check_layout(const nm_words_of *d, const layout *l)
{
    bool crossbar = l->format == NM_CROSSBAR;
    return nm_require_mask(d, 3, 0x0F03FF7F) && nm_require(d, l->format <= NM_ONE_TO_ONE, NM_UNSUPPORTED, 3) &&
           nm_require(d, l->source <= NM_FROM_QUEUE, NM_UNSUPPORTED, 3) && nm_require(d, l->delay != 3, NM_BAD, 3) &&
           nm_require(d, l->log_depth <= 6, NM_LIMIT, 3) &&
           nm_require(d, l->fixed_delay < 1u << l->log_depth, NM_BAD, 3) &&
           nm_require(d, !(l->delay == NM_DELAY_PER_SYNAPSE && l->format >= NM_CONV), NM_UNSUPPORTED, 3) &&
           nm_require(d, !(l->source == NM_GRADED && crossbar), NM_UNSUPPORTED, 3) &&
           nm_require(d, !(l->source == NM_FROM_QUEUE && l->source_mode != 0), NM_BAD, 3) &&
           nm_require(d, !crossbar || d->w[1] <= 256, NM_LIMIT, 1) &&
           nm_require(d, !crossbar || d->w[2] <= 256, NM_LIMIT, 2) &&
           nm_require(d, l->format != NM_ONE_TO_ONE || d->w[1] == d->w[2], NM_BAD, 2);
}

static bool check_tables(const nm_words_of *d, const layout *l)
{
    bool csr = l->format == NM_CSR, crossbar = l->format == NM_CROSSBAR;
    if (!nm_require(d, d->w[4] <= 24, NM_BAD, 4) ||
        !(l->format == NM_ONE_TO_ONE || nm_require_pointer(d, 5, csr ? 1 : 4))) {
        return false;
    }
    if (csr || crossbar) {
        if (!nm_require_pointer(d, 6, csr ? 4 : 1) || !nm_require_pointer(d, 7, 2)) {
            return false;
        }
    } else if (!nm_require_zero(d, 6) || !nm_require_zero(d, 7)) {
        return false;
    }
    return l->delay == NM_DELAY_FIXED ? nm_require_zero(d, 8)
                                      : nm_require_pointer(d, 8, l->delay == NM_DELAY_PER_SYNAPSE && !csr ? 4 : 1);
}

static bool check_source(const nm_words_of *d, const layout *l)
{
    uint32_t n = d->w[1], stride = d->w[10];
    if (!(l->source == NM_FROM_QUEUE ? nm_require(d, d->w[9] <= 3, NM_BAD, 9) : nm_require_pointer(d, 9, 4))) {
        return false;
    }
    if (l->source_mode == 0) {
        return nm_require_zero(d, 10);
    }
    uint32_t least = l->source == NM_BITMAP ? 4 * nm_words(n) : l->source == NM_AER ? 4 : 4 * n;
    return nm_require_aligned(d, 10, 4) && nm_require(d, stride >= least, NM_BAD, 10);
}

static uint32_t extent(uint32_t size, uint32_t padding, uint32_t kernel, uint32_t stride)
{
    return (size + 2 * padding - kernel) / stride + 1;
}

static bool check_convolution(const nm_words_of *d, nm_syn *syn)
{
    uint32_t height = nm_field(d->w[13], 11, 0), width = nm_field(d->w[13], 23, 12);
    uint32_t in = nm_field(d->w[14], 9, 0), out = nm_field(d->w[14], 19, 10);
    uint32_t kernel = nm_field(d->w[14], 23, 20), stride = nm_field(d->w[14], 27, 24), padding = d->w[14] >> 28;
    bool depthwise = (d->w[15] & 1) != 0;
    if (!nm_require(d, d->w[13] >> 24 == 0 && height != 0 && width != 0, NM_BAD, 13) ||
        !nm_require(d, in != 0 && out != 0 && kernel != 0 && stride != 0, NM_BAD, 14) ||
        !nm_require(d, (height < width ? height : width) + 2 * padding >= kernel, NM_BAD, 14) ||
        !nm_require(d, d->w[15] >> 1 == 0 && (!depthwise || in == out), NM_BAD, 15)) {
        return false;
    }
    uint32_t output_height = extent(height, padding, kernel, stride);
    uint32_t output_width = extent(width, padding, kernel, stride);
    syn->conv.height = height;
    syn->conv.width = width;
    syn->conv.channels_in = in;
    syn->conv.channels_out = out;
    syn->conv.kernel = kernel;
    syn->conv.stride = stride;
    syn->conv.padding = padding;
    syn->conv.output_height = output_height;
    syn->conv.output_width = output_width;
    syn->conv.depthwise = depthwise;
    return nm_require(d, d->w[1] == (uint64_t)height * width * in, NM_BAD, 1) &&
           nm_require(d, d->w[2] == (uint64_t)output_height * output_width * out, NM_BAD, 2);
}

static bool check_destination(const nm_words_of *d, const layout *l, nm_pop *pop, bool needs_pop)
{
    if (d->w[12] == 0) {
        return nm_require(d, !needs_pop, NM_BAD, 12);
    }
    return nm_read_pop(d->c, d->w[12], pop) && nm_require(d, pop->n == d->w[2], NM_BAD, 2) &&
           nm_require(d, pop->cur == d->w[11], NM_BAD, 11) &&
           nm_require(d, pop->depth == 1u << l->log_depth, NM_BAD, 3);
}

bool nm_read_syn(nm_coprocessor *c, uint32_t address, nm_syn *syn, nm_pop *pop, bool needs_pop)
{
    nm_words_of d;
    if (!nm_load_words(&d, c, address, NM_TYPE_SYN, 16)) {
        return false;
    }
    const uint32_t *w = d.w;
    layout l = {nm_field(w[3], 3, 0),   nm_field(w[3], 6, 4),   nm_field(w[3], 9, 8),
                nm_field(w[3], 11, 10), nm_field(w[3], 17, 12), nm_field(w[3], 27, 24)};
    if (!nm_require_size(&d, 1) || !nm_require_size(&d, 2) || !check_layout(&d, &l) || !check_tables(&d, &l) ||
        !check_source(&d, &l) || !nm_require_pointer(&d, 11, 4)) {
        return false;
    }
    if (l.format == NM_CONV ? !check_convolution(&d, syn)
                            : !nm_require_zero(&d, 13) || !nm_require_zero(&d, 14) || !nm_require_zero(&d, 15)) {
        return false;
    }
    if (!check_destination(&d, &l, pop, needs_pop)) {
        return false;
    }
    syn->address = address;
    syn->n = w[1];
    syn->m = w[2];
    syn->format = l.format;
    syn->source = l.source;
    syn->source_mode = l.source_mode;
    syn->delay = l.delay;
    syn->fixed_delay = l.fixed_delay;
    syn->depth = 1u << l.log_depth;
    syn->exponent = w[4];
    syn->weights = w[5];
    syn->rows = w[6];
    syn->columns = w[7];
    syn->delays = w[8];
    syn->source_address = w[9];
    syn->stride = w[10];
    syn->cur = w[11];
    syn->population = w[12];
    return true;
}
