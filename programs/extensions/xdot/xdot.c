/* Xdot in C. */
#include "xdot_model.h"

uint32_t dot_mac(xdot_hart *hart, xdot_state *state, uint32_t rs1, uint32_t rs2, uint32_t rd)
{
    (void)hart;
    (void)state;
    for (unsigned lane = 0; lane < 32; lane += 8)
        rd += (uint32_t)((int8_t)(rs1 >> lane) * (int8_t)(rs2 >> lane));
    return rd;
}

uint32_t dot_mixed(xdot_hart *hart, xdot_state *state, uint32_t rs1, uint32_t rs2)
{
    (void)hart;
    (void)state;
    int32_t total = 0;
    for (unsigned lane = 0; lane < 32; lane += 8)
        total += (uint8_t)(rs1 >> lane) * (int8_t)(rs2 >> lane);
    if (total > INT16_MAX) total = INT16_MAX;
    if (total < INT16_MIN) total = INT16_MIN;
    return (uint32_t)total;
}

uint32_t dot_narrow(xdot_hart *hart, xdot_state *state, uint32_t rs1, uint32_t shift)
{
    (void)hart;
    (void)state;
    int64_t value = (int32_t)rs1;
    if (shift) value = (value + ((int64_t)1 << (shift - 1))) >> shift;
    if (value > INT8_MAX) value = INT8_MAX;
    if (value < INT8_MIN) value = INT8_MIN;
    return (uint32_t)(int32_t)value;
}
