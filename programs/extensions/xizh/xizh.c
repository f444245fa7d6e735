/* Xizh in C. */
#include "xizh_model.h"

static int32_t clip(int64_t value)
{
    return value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : (int32_t)value;
}

void izh_ab(xizh_hart *hart, xizh_state *state, uint32_t rs1, uint32_t rs2)
{
    (void)hart;
    state->a = (int16_t)rs1;
    state->b = (int16_t)rs2;
}

void izh_cd(xizh_hart *hart, xizh_state *state, uint32_t rs1, uint32_t rs2)
{
    (void)hart;
    state->c = (int16_t)rs1;
    state->d = (int16_t)rs2;
}

uint32_t izh_step(xizh_hart *hart, xizh_state *state, uint32_t rs1, uint32_t rs2)
{
    (void)hart;
    const int64_t v = (int16_t)(rs1 >> 16), u = (int16_t)rs1;
    int64_t slope = v * v * 41 >> 18;
    slope += 5 * v + 140 * 256 - u;
    slope += (int32_t)rs2 >> 8;
    const int64_t recovery = state->a * ((state->b * v >> 11) - u) >> 11;
    int32_t new_v = clip(v + (slope >> state->step));
    int32_t new_u = clip(u + (recovery >> state->step));
    const uint32_t spike = new_v >= 30 * 256;
    if (spike) {
        new_v = state->c;
        new_u = clip(new_u + state->d);
    }
    state->spikes = state->spikes << 1 | spike;
    return (uint32_t)new_v << 16 | (uint16_t)new_u;
}

uint32_t izh_decay(xizh_hart *hart, xizh_state *state, uint32_t rs1, uint32_t shift)
{
    (void)hart;
    (void)state;
    const int64_t current = (int32_t)rs1;
    int64_t part = (current < 0 ? -current : current) >> shift;
    if (part == 0) part = 1;
    if (current == 0) part = 0;
    return (uint32_t)(current < 0 ? current + part : current - part);
}
