// Rescaling and element-wise arithmetic over a vector of int32.
//
// Why `factors_apply` of x86 is exact: with p = x·multiplier, the first rounding gives v = ⌊(p + 2^30) / 2^31⌋ and the
// second, by e > 0 bits, ⌊(v + 2^(e-1) - [v < 0]) / 2^e⌋. Floors of quotients nest, so this is
// ⌊(p + 2^30 + 2^(30+e) - [v < 0]·2^31) / 2^(31+e)⌋, for which the upper half of the 64-bit sum, shifted by e - 1, is
// enough. [p < 0] may stand for [v < 0]: where they differ, v is 0 and either gives 0. The sum's magnitude is at most
// 2^62 + 2^61 + 2^31.
#include "int8.h"

#define INLINE static inline __attribute__((always_inline))

INLINE void int8_requantize_columns(const struct int8_requantization *work, size_t j, const struct factors *factors,
                                    const bool is_general) {
  const struct bounds bounds = bounds_of(work->low, work->high);
  const integers zero_point = integers_broadcast(work->zero_point);
  const size_t left = work->columns - j, rows = work->rows, x_stride = work->x_stride, y_stride = work->y_stride;
  const int32_t *x = work->x + j;
  int8_t *y = work->y + j;
  size_t row = 0;
  if (left >= INTEGERS_WIDTH) {
    for (; row + 4 <= rows; row += 4) {
      integers v[4];
#pragma clang loop unroll(full)
      for (int r = 0; r < 4; r++) {
        const integers loaded = integers_load(x + (row + r) * x_stride);
        v[r] = integers_add(factors_apply(factors, loaded, is_general), zero_point);
      }
      integers_store_bytes(y + row * y_stride, y_stride, v[0], v[1], v[2], v[3], bounds);
    }
  }
  for (; row < rows; row++) {
    const integers v = factors_apply(factors, integers_load(x + row * x_stride), is_general);
    integers_store_first_bytes(y + row * y_stride, integers_add(v, zero_point),
                               left < INTEGERS_WIDTH ? left : INTEGERS_WIDTH, bounds);
  }
}

static void KERNEL(int8_requantize)(const struct int8_requantization *work) {
  for (size_t j = 0; j < work->columns; j += INTEGERS_WIDTH) {
    const struct factors factors = factors_of(integers_load(work->multipliers + j), integers_load(work->shifts + j));
    if (factors.is_general) {
      int8_requantize_columns(work, j, &factors, true);
    } else {
      int8_requantize_columns(work, j, &factors, false);
    }
  }
}

static inline struct factors uniform_factors(struct int8_factor factor) {
  return factors_of(integers_broadcast(factor.multiplier), integers_broadcast(factor.shift));
}

/// Runs a function of two vectors over n elements. The operands of the last, incomplete vectors are copied.
#define INT8_MAP(EXPRESSION)                                                                                  \
  do {                                                                                                        \
    size_t i = 0;                                                                                             \
    for (; i + 4 * INTEGERS_WIDTH <= n; i += 4 * INTEGERS_WIDTH) {                                            \
      integers v[4];                                                                                          \
      _Pragma("clang loop unroll(full)") for (int r = 0; r < 4; r++) {                                        \
        const integers x = integers_load_bytes(a + i + r * INTEGERS_WIDTH);                                   \
        const integers z = b_is_scalar ? scalar : integers_load_bytes(b + i + r * INTEGERS_WIDTH);            \
        v[r] = EXPRESSION;                                                                                    \
      }                                                                                                       \
      integers_store_bytes(y + i, INTEGERS_WIDTH, v[0], v[1], v[2], v[3], bounds);                            \
    }                                                                                                         \
    while (i < n) {                                                                                           \
      const size_t count = n - i < INTEGERS_WIDTH ? n - i : INTEGERS_WIDTH;                                   \
      int8_t left[INTEGERS_WIDTH] = {0}, right[INTEGERS_WIDTH] = {0};                                         \
      memcpy(left, a + i, count);                                                                             \
      if (!b_is_scalar) memcpy(right, b + i, count);                                                          \
      const integers x = integers_load_bytes(left), z = b_is_scalar ? scalar : integers_load_bytes(right);    \
      integers_store_first_bytes(y + i, EXPRESSION, count, bounds);                                           \
      i += count;                                                                                             \
    }                                                                                                         \
  } while (0)

/// An operand of a sum on the common scale. The operand with the larger scale has the factor 1/2, which needs no
/// multiplication: (d * 2^headroom * 2^30 + 2^30) / 2^31 is d * 2^(headroom - 1).
INLINE integers int8_operand(integers x, integers zero_point, int32_t headroom, const struct factors *factors,
                             const bool is_half, const bool is_general) {
  const integers difference = integers_subtract(x, zero_point);
  if (is_half) return integers_move_left(difference, headroom - 1);
  return factors_apply(factors, integers_move_left(difference, headroom), is_general);
}

static inline bool is_half(struct int8_factor factor) { return factor.multiplier == 1 << 30 && factor.shift == 0; }

INLINE void int8_add_all(const struct int8_sum *sum, const int8_t *a, const int8_t *b, const bool b_is_scalar,
                         int8_t *y, size_t n, const bool a_is_half, const bool b_is_half, const bool is_general) {
  const integers a_zero = integers_broadcast(sum->a_zero_point), b_zero = integers_broadcast(sum->b_zero_point);
  const integers zero = integers_broadcast(sum->zero_point);
  const integers scalar = integers_broadcast(b_is_scalar && n > 0 ? b[0] : 0);
  const struct factors f = uniform_factors(sum->a_factor), g = uniform_factors(sum->b_factor);
  const struct factors h = uniform_factors(sum->factor);
  const struct bounds bounds = bounds_of(sum->low, sum->high);
  const int32_t headroom = sum->headroom;
#define LEFT int8_operand(x, a_zero, headroom, &f, a_is_half, is_general)
#define RIGHT int8_operand(z, b_zero, headroom, &g, b_is_half, is_general)
  if (sum->subtracts) {
    INT8_MAP(integers_add(factors_apply(&h, integers_subtract(LEFT, RIGHT), is_general), zero));
  } else {
    INT8_MAP(integers_add(factors_apply(&h, integers_add(LEFT, RIGHT), is_general), zero));
  }
#undef LEFT
#undef RIGHT
}

static void KERNEL(int8_add)(const struct int8_sum *sum, const int8_t *a, const int8_t *b, bool b_is_scalar,
                             int8_t *y, size_t n) {
  const bool a_is_half = is_half(sum->a_factor), b_is_half = is_half(sum->b_factor);
  const bool is_general = sum->factor.shift >= 0 || (!a_is_half && sum->a_factor.shift >= 0) ||
                          (!b_is_half && sum->b_factor.shift >= 0);
  if (is_general || b_is_scalar) {
    int8_add_all(sum, a, b, b_is_scalar, y, n, false, false, true);
  } else if (a_is_half && b_is_half) {
    int8_add_all(sum, a, b, false, y, n, true, true, false);
  } else if (a_is_half) {
    int8_add_all(sum, a, b, false, y, n, true, false, false);
  } else if (b_is_half) {
    int8_add_all(sum, a, b, false, y, n, false, true, false);
  } else {
    int8_add_all(sum, a, b, false, y, n, false, false, false);
  }
}

INLINE void int8_scale_all(const struct int8_scaled_product *product, const int8_t *a, const int8_t *b,
                           const bool b_is_scalar, int8_t *y, size_t n, const bool is_general) {
  const integers a_zero = integers_broadcast(product->a_zero_point);
  const integers b_zero = integers_broadcast(product->b_zero_point);
  const integers zero = integers_broadcast(product->zero_point);
  const integers scalar = integers_broadcast(b_is_scalar && n > 0 ? b[0] : 0);
  const struct factors f = uniform_factors(product->factor);
  const struct bounds bounds = bounds_of(product->low, product->high);
#define PRODUCT integers_multiply(integers_subtract(x, a_zero), integers_subtract(z, b_zero))
  INT8_MAP(integers_add(factors_apply(&f, PRODUCT, is_general), zero));
#undef PRODUCT
}

static void KERNEL(int8_scale_product)(const struct int8_scaled_product *product, const int8_t *a, const int8_t *b,
                                       bool b_is_scalar, int8_t *y, size_t n) {
  if (product->factor.shift >= 0) {
    int8_scale_all(product, a, b, b_is_scalar, y, n, true);
  } else {
    int8_scale_all(product, a, b, b_is_scalar, y, n, false);
  }
}
