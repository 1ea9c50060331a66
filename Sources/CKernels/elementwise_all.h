// Everything light, once per instruction set. The includer defines KERNEL(name) and EACH, which stands before a
// loop whose iterations are independent (also when y is x).
#include "elementwise_math.h"
#include "elementwise_map.h"
#include "elementwise_reduce.h"
#include "elementwise_normalize.h"
#include "elementwise_pool.h"
#include "elementwise_transpose.h"
#include "elementwise_observe.h"

const struct elementwise_kernels KERNEL(elementwise_kernels) = {
    .unary = unary,
    .binary = binary,
    .compare = compare,
    .is_nan = is_nan,
    .is_infinite = is_infinite,
    .reduce = reduce,
    .reduce_rows = reduce_rows,
    .softmax = softmax,
    .softmax_rows = softmax_rows,
    .log_sum_exp = log_sum_exp,
    .layer_norm = layer_norm,
    .rms_norm = rms_norm,
    .column_sums = column_sums,
    .column_square_sums = column_square_sums,
    .normalize_rows = normalize_rows,
    .pool_max = pool_max,
    .pool_max_index = pool_max_index,
    .pool_mean = pool_mean,
    .weighted_sum = weighted_sum,
    .transpose = transpose,
    .extremes = extremes,
    .histogram = histogram,
    .round_to_grid = round_to_grid,
    .error_sums = error_sums,
};
