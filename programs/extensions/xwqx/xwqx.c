/* Xwqx in C. */
#include "xwqx_model.h"

uint32_t wqx_input(xwqx_hart *hart, xwqx_state *state, uint32_t rs1, uint32_t rs2)
{
    (void)hart;
    (void)state;
    return (uint32_t)__builtin_popcount(rs1 & rs2);
}

uint32_t wqx_neuron(xwqx_hart *hart, xwqx_state *state, uint32_t rs1, uint32_t rs2)
{
    (void)hart;
    int32_t v = (int32_t)(rs1 & 0xFFFFu) + (int32_t)(rs2 & 63u) - state->leak;
    if (v < 0) v = 0;
    const uint32_t spike = v >= state->vth;
    state->spikes = state->spikes << 1 | spike;
    if (spike) return 0;
    return (uint32_t)v;
}

uint32_t wqx_learn(xwqx_hart *hart, xwqx_state *state, uint32_t rs1, uint32_t rs2)
{
    (void)hart;
    if (!state->learning || !(state->spikes & 1u)) return rs1;
    uint32_t noise = state->random;
    noise ^= noise << 13;
    noise ^= noise >> 17;
    noise ^= noise << 5;
    state->random = noise;
    const uint32_t go = noise & (noise >> 7 | noise << 25);
    return rs2 | (rs1 & ~go);
}
