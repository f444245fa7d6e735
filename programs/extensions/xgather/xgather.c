/* Xgather in C. */
#include "xgather_model.h"

uint32_t gat_bytes(xgather_hart *hart, xgather_state *state, uint32_t rs1, uint32_t rs2)
{
    (void)state;
    uint32_t word = 0;
    for (unsigned shift = 0; shift < 32; shift += 8)
        word |= (uint32_t)xgather_load8(hart, rs1 + (rs2 >> shift & 0xFFu)) << shift;
    return word;
}

void gat_seek(xgather_hart *hart, xgather_state *state, uint32_t rs1, uint32_t rs2)
{
    (void)hart;
    state->at = rs1;
    state->stride = rs2;
}

uint32_t gat_next(xgather_hart *hart, xgather_state *state)
{
    const uint32_t word = xgather_load32(hart, state->at);
    state->at += state->stride;
    return word;
}

uint32_t gat_swap(xgather_hart *hart, xgather_state *state, uint32_t rs1, uint32_t rs2)
{
    (void)state;
    const int16_t old = (int16_t)xgather_load16(hart, rs1);
    xgather_store16(hart, rs1, (uint16_t)rs2);
    return (uint32_t)old;
}
