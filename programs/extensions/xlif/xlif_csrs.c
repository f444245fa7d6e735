/* Xlif in C with its CSRs. */
#include "xlif.c"

uint32_t read_lif_vth(xlif_hart *hart, xlif_state *state)
{
    (void)hart;
    return state->vth;
}

void write_lif_vth(xlif_hart *hart, xlif_state *state, uint32_t value)
{
    (void)hart;
    state->vth = value & 0x7FFFu;
}

uint32_t read_lif_mode(xlif_hart *hart, xlif_state *state)
{
    (void)hart;
    return state->leak | (uint32_t)state->pause << 8;
}

void write_lif_mode(xlif_hart *hart, xlif_state *state, uint32_t value)
{
    (void)hart;
    state->leak = value & 15u ? value & 15u : 1u;
    state->pause = value >> 8 & 15u;
}

uint32_t read_lif_fired(xlif_hart *hart, xlif_state *state)
{
    (void)hart;
    return state->fired;
}
