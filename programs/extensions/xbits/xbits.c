/* Xbits in C, by other means than its definition: the compiler's built-in functions and loops. */
#include "xbits_model.h"

uint32_t bits_count(xbits_hart *hart, xbits_state *state, uint32_t rs1)
{
    (void)hart;
    (void)state;
    return (uint32_t)__builtin_popcount(rs1);
}

uint32_t bits_lead(xbits_hart *hart, xbits_state *state, uint32_t rs1)
{
    (void)hart;
    (void)state;
    return rs1 ? (uint32_t)__builtin_clz(rs1) : 32u;
}

uint32_t bits_reverse(xbits_hart *hart, xbits_state *state, uint32_t rs1)
{
    (void)hart;
    (void)state;
    uint32_t result = 0;
    for (uint32_t bit = 0; bit < 32; bit++)
        if (rs1 >> bit & 1u) result |= 1u << ((bit & 24u) + 7u - (bit & 7u));
    return result;
}

uint32_t bits_field(xbits_hart *hart, xbits_state *state, uint32_t rs1, uint32_t rs2)
{
    (void)hart;
    (void)state;
    const uint32_t low = rs2 & 31u, width = (rs2 >> 5 & 31u) + 1u;
    const uint64_t value = (uint64_t)(rs1 >> low) << (64u - width);
    return (uint32_t)((int64_t)value >> (64u - width));
}
