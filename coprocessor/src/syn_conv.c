/* Convolutions (format 5) in bulk: where a coordinate of the input meets the kernel, once for an operation. */
#include "syn_bulk.h"

/* With p = coordinate + padding: kernel position k meets output (p - k) / stride if that is whole and inside. Weights
   and accumulators lie `weights` and `cur` bytes apart; a count is noted `unit` fold. */
static void find_axis(nm_axis *axis, uint32_t size, uint32_t outputs, const nm_syn *syn, uint32_t weights, uint32_t cur,
                      uint32_t unit)
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
        axis[x] = (nm_axis){(uint64_t)(count ? first * weights : 0) << 32 | output * cur, count * unit};
        rest = rest + 1 == stride ? 0 : rest + 1;
        quotient += rest == 0;
    }
}

/* The axes of an operation, down then across: found once an issue. */
static const nm_axis *axes_of(nm_coprocessor *c, const nm_entry *entry, uint32_t pitch)
{
    const nm_syn *syn = &entry->syn;
    uint32_t *known = &c->axes_of[entry - c->entries];
    uint32_t kernel = syn->conv.kernel, height = syn->conv.height, pixel = 4 * syn->conv.channels_out;
    if (*known == 0) {
        if (c->axes_used + height + syn->conv.width > NM_MOST_AXES) {
            nm_forget_axes(c);
            c->issue++; /* others still know theirs */
        }
        *known = c->axes_used + 1;
        c->axes_used += height + syn->conv.width;
        nm_axis *axes = c->axes + *known - 1;
        find_axis(axes, height, syn->conv.output_height, syn, kernel * pitch, pixel * syn->conv.output_width, 1);
        find_axis(axes + height, syn->conv.width, syn->conv.output_width, syn, pitch, pixel, 1 << 16);
    }
    return c->axes + *known - 1;
}

void nm_forget_axes(nm_coprocessor *c)
{
    if (c->axes_used) {
        memset(c->axes_of, 0, sizeof c->axes_of);
        c->axes_used = 0;
    }
}

bool nm_find_conv(nm_coprocessor *c, nm_bulk *b)
{
    const nm_syn *syn = &b->entry->syn;
    bool depthwise = syn->conv.depthwise;
    uint32_t positions = syn->conv.kernel * syn->conv.kernel, run = depthwise ? 1 : syn->conv.channels_out;
    uint32_t pitch = nm_pitch(run, 8), pixel = 4 * syn->conv.channels_out;
    b->rows.weights = nm_find_table(c, b, syn->weights, UINT64_C(1) * syn->conv.channels_in * positions * pitch);
    if (!b->rows.weights) {
        return false;
    }
    nm_conv *conv = &b->conv;
    conv->width = syn->conv.width;
    conv->channels = syn->conv.channels_in;
    conv->channel_places = (uint64_t)(positions * pitch) << 32 | (depthwise ? 4 : 0);
    conv->run = run;
    conv->down_weights = syn->conv.stride * syn->conv.kernel * pitch;
    conv->down_cur = pixel * syn->conv.output_width;
    conv->across_weights = syn->conv.stride * pitch;
    conv->across_cur = pixel;
    conv->down = axes_of(c, b->entry, pitch);
    conv->across = conv->down + syn->conv.height;
    for (uint32_t p = 0; p <= positions; p++) {
        conv->cycles[p] = (uint32_t)(4 + nm_lane_cycles(c, p * run));
    }
    return true;
}
