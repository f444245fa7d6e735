/* Convolutions (format 5) in bulk: where a coordinate of the input meets the kernel, once for an operation. */
#include "syn_bulk.h"

/* With p = coordinate + padding: kernel position k meets output (p - k) / stride if that is whole and inside. Weights
   and accumulators lie `weights` and `cur` bytes apart. */
static void find_axis(nm_axis *axis, uint32_t size, uint32_t outputs, const nm_syn *syn, uint32_t weights, uint32_t cur)
{
    uint32_t kernel = syn->conv.kernel, stride = syn->conv.stride;
    uint32_t quotient = syn->conv.padding / stride, rest = syn->conv.padding % stride;
    uint8_t steps[NM_LARGEST_KERNEL] = {0}; /* positions k, k + stride, ... inside the kernel */
    for (uint32_t k = kernel; k-- > 0;) {
        steps[k] = (uint8_t)(k + stride < kernel ? steps[k + stride] + 1 : 1);
    }
    for (uint32_t x = 0; x < size; x++) {
        uint32_t output = quotient < outputs ? quotient : outputs - 1, first = rest + (quotient - output) * stride;
        uint32_t most = first < kernel ? steps[first] : 0, count = most < output + 1 ? most : output + 1;
        axis[x] = (nm_axis){(count ? first : 0) * weights, output * cur, count};
        rest = rest + 1 == stride ? 0 : rest + 1;
        quotient += rest == 0;
    }
}

bool nm_find_conv(nm_coprocessor *c, nm_bulk *b)
{
    const nm_syn *syn = &b->entry->syn;
    bool depthwise = syn->conv.depthwise;
    uint32_t kernel = syn->conv.kernel, stride = syn->conv.stride, run = depthwise ? 1 : syn->conv.channels_out;
    uint32_t pitch = nm_pitch(run, 8), pixel = 4 * syn->conv.channels_out, line = pixel * syn->conv.output_width;
    b->rows.weights = nm_find_table(c, b, syn->weights, UINT64_C(1) * syn->conv.channels_in * kernel * kernel * pitch);
    if (!b->rows.weights) {
        return false;
    }
    find_axis(c->axes[0], syn->conv.height, syn->conv.output_height, syn, kernel * pitch, line);
    find_axis(c->axes[1], syn->conv.width, syn->conv.output_width, syn, pitch, pixel);
    b->conv = (nm_conv){.width = syn->conv.width,
                        .channels = syn->conv.channels_in,
                        .channel_weights = kernel * kernel * pitch,
                        .run = run,
                        .down_weights = stride * kernel * pitch,
                        .down_cur = line,
                        .across_weights = stride * pitch,
                        .across_cur = pixel,
                        .positions = kernel * kernel,
                        .depthwise = depthwise,
                        .down = c->axes[0],
                        .across = c->axes[1]};
    return true;
}

nm_row_totals nm_conv_totals(const nm_coprocessor *c, const nm_conv *conv, const uint32_t *meets)
{
    nm_row_totals totals = {0, 0, 0};
    for (uint32_t p = 0; p <= conv->positions; p++) {
        uint64_t sop = UINT64_C(1) * p * conv->run;
        totals.sop += meets[p] * sop;
        totals.cycles += meets[p] * (4 + nm_lane_cycles(c, sop));
    }
    totals.bytes = totals.sop;
    return totals;
}
