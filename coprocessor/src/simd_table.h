/* The kernels of one instruction set, made from the common bodies. NM_LEVEL, NM_BYTES: set by the including file. */
#include "memory.h"
#include "simd.h"
#include "simd_bytes.h"

#include "kernels_lists.h"
#include "kernels_rows.h"
#include "kernels_delayed.h"
#include "kernels_fields.h"
#include "kernels_multiply.h"
#include "kernels_conv.h"
#include "kernels_learn.h"
#include "kernels_one_to_one.h"
#include "kernels_sparse.h"
#include "kernels_streams.h"
#include "kernels_traces.h"
#include "kernels_neuron.h"
#include "kernels_profiles.h"
#include "kernels_update.h"
#include "kernels_short.h"
#include "kernels_chain.h"
#include "kernels_flow.h"
#include "kernels_cascade.h"

#define NM_TABLE_NAME(level) nm_kernels_##level
#define NM_TABLE(level) NM_TABLE_NAME(level)
#define NM_TEXT_OF(level) #level
#define NM_TEXT(level) NM_TEXT_OF(level)

const nm_kernels NM_TABLE(NM_LEVEL) = {
    .name = NM_TEXT(NM_LEVEL),
    .list_bits = list_bits,
    .list_words = list_words,
    .pack_bits = pack_bits,
    .unpack_bits = unpack_bits,
    .add_rows = {add_rows_s8, add_rows_s4, add_rows_s2, add_rows_binary},
    .multiply_rows = {multiply_rows_s8, multiply_rows_s4, multiply_rows_s2, multiply_rows_binary},
    .add_delayed = add_delayed,
    .add_conv = add_conv,
    .add_sparse = add_sparse,
    .largest_column = largest_column,
    .add_words = add_words,
    .update = update_shortest,
    .update_chain = update_chain,
    .update_flow = update_flow,
    .decay_flow = decay_flow,
    .sum_sheet = sum_sheet,
    .update_course = update_course,
    .largest_magnitude = largest_magnitude,
    .learn_rows = learn_rows,
    .learn_elements = learn_elements,
    .next_traces = next_traces,
};
