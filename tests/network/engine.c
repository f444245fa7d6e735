/* The network of specification 9.1 with the structures and intrinsics of xnm.h; leaves its results in `result`. */
#include "xnm.h"

static int32_t state[2], cur[2];
static uint32_t out[2];
static const uint32_t input[2] = {3, 5};
static const int8_t weights[3][4] __attribute__((aligned(4))) = {{60, 40}, {80, -10}, {30, 10}};
static const struct nm_pop pop __attribute__((aligned(16))) = {
    .head = NM_HEAD_POP,
    .n = 2,
    .shape = NM_POP_SHAPE(NM_PROFILE_LIF, 0, NM_BUFFER_STREAM, 0, 0, 0),
    .mode = NM_MODE_RESET_SUBTRACT,
    .p = {3686u << 16},
    .vth = 100,
    .state = state,
    .cur = cur,
    .out = out,
    .stride = 4,
};
static const struct nm_syn syn __attribute__((aligned(16))) = {
    .head = NM_HEAD_SYN,
    .n_pre = 3,
    .n_post = 2,
    .shape = NM_SYN_SHAPE(NM_FORMAT_S8, NM_SOURCE_BITMAP, NM_BUFFER_STREAM, NM_DELAY_FIXED, 0, 0),
    .weights = weights,
    .source = input,
    .stride = 4,
    .cur = cur,
    .pop = &pop,
};
static const NM_NET_OF(2) net __attribute__((aligned(16))) = {
    .net = {.head = NM_HEAD_NET, .count = 2},
    .entries = {{NM_OP_SYN, &syn}, {NM_OP_UPD | NM_OP_OUT, &pop}},
};

int32_t result[16];

int main(void)
{
    nm_enable(0);
    int32_t *r = result;
    *r++ = nm_check(&net);
    *r++ = nm_check((const char *)&net + 4);
    *r++ = (int32_t)nm_read_err();
    *r++ = nm_run(&net, 2);
    *r++ = state[0];
    *r++ = state[1];
    *r++ = (int32_t)out[0];
    *r++ = (int32_t)out[1];
    *r++ = (int32_t)nm_read_t();
    *r++ = (int32_t)nm_count_sop();
    *r++ = (int32_t)nm_count_cyc();
    nm_write_mode(NM_MODE_WIDTH_24);
    *r++ = (int32_t)nm_read_mode();
    return 0;
}
