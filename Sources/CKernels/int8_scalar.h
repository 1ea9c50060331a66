// The formulas of rescaling, one number at a time.
#include "int8.h"

/// a·b / 2^31, ties upwards: written as TFLM's reference writes it.
static inline int32_t int8_high_product(int32_t a, int32_t b) {
  if (a == INT32_MIN && b == INT32_MIN) return INT32_MAX;
  const int64_t product = (int64_t)a * b;
  const int64_t nudge = product >= 0 ? (int64_t)1 << 30 : 1 - ((int64_t)1 << 30);
  return (int32_t)((product + nudge) / ((int64_t)1 << 31));
}

/// x / 2^exponent, ties away from zero.
static inline int32_t int8_rounded_shift(int32_t x, int32_t exponent) {
  const int32_t mask = (int32_t)(((int64_t)1 << exponent) - 1);
  const int32_t remainder = x & mask;
  const int32_t threshold = (mask >> 1) + (x < 0);
  return (x >> exponent) + (remainder > threshold);
}

static inline int32_t int8_apply(int32_t x, struct int8_factor factor) {
  const int32_t left = factor.shift > 0 ? factor.shift : 0, right = factor.shift > 0 ? 0 : -factor.shift;
  const int32_t moved = (int32_t)((uint32_t)x << left);
  return int8_rounded_shift(int8_high_product(moved, factor.multiplier), right);
}

/// Adds the zero point, wrapping, and clamps.
static inline int8_t int8_finish(int32_t x, int32_t zero_point, int32_t low, int32_t high) {
  const int32_t y = (int32_t)((uint32_t)x + (uint32_t)zero_point);
  return (int8_t)(y < low ? low : y > high ? high : y);
}
