/* Xdiv in C: a bit at a time, as the hardware does it. Time is the definition's matter, but the count of cycles is state. */
#include "xdiv_model.h"

static uint32_t divide(xdiv_state *state, uint64_t left, uint64_t right, uint64_t *rest)
{
    uint64_t quotient = 0, remainder = 0;
    for (int bit = 33; bit >= 0; bit--) {
        remainder = remainder << 1 | (left >> bit & 1u);
        quotient <<= 1;
        if (remainder >= right) {
            remainder -= right;
            quotient |= 1u;
        }
    }
    for (uint64_t left_over = quotient; left_over; left_over >>= 1) state->spent++;
    *rest = remainder;
    return (uint32_t)quotient;
}

uint32_t div_whole(xdiv_hart *hart, xdiv_state *state, uint32_t rs1, uint32_t rs2)
{
    (void)hart;
    if (rs2 == 0) {
        state->rest = rs1;
        return 0xFFFFFFFFu;
    }
    uint64_t rest;
    const uint32_t quotient = divide(state, rs1, rs2, &rest);
    state->rest = (uint32_t)rest;
    return quotient;
}

uint32_t div_near(xdiv_hart *hart, xdiv_state *state, uint32_t rs1, uint32_t rs2)
{
    if (rs2 == 0) xdiv_illegal(hart);
    uint64_t rest;
    return divide(state, 2 * (uint64_t)rs1 + rs2, 2 * (uint64_t)rs2, &rest);
}

uint32_t div_rest(xdiv_hart *hart, xdiv_state *state)
{
    (void)hart;
    return state->rest;
}
