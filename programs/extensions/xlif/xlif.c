/* Xlif in C; the CSRs are those of the definition. */
#include "xlif_model.h"

uint32_t lif_step(xlif_hart *hart, xlif_state *state, uint32_t rs1, uint32_t rs2)
{
    (void)hart;
    const uint32_t i = rs1 & 63u;
    if (state->rest[i]) {
        state->rest[i]--;
        return 0;
    }
    int32_t v = state->v[i];
    v += (int16_t)rs2 - (v >> state->leak);
    if (v > INT16_MAX) v = INT16_MAX;
    if (v < INT16_MIN) v = INT16_MIN;
    if (v < state->vth) {
        state->v[i] = (int16_t)v;
        return 0;
    }
    state->v[i] = 0;
    state->rest[i] = state->pause;
    state->fired++;
    return 1;
}

uint32_t lif_read(xlif_hart *hart, xlif_state *state, uint32_t rs1)
{
    (void)hart;
    return (uint32_t)state->v[rs1 & 63u];
}

void lif_write(xlif_hart *hart, xlif_state *state, uint32_t rs1, uint32_t rs2)
{
    if (rs1 > 63u) xlif_illegal(hart);
    state->v[rs1] = (int16_t)rs2;
    state->rest[rs1] = 0;
}
