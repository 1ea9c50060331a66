// Opens a region whose functions may use NEON, and its dot products if INT8_DOT says so; `vector_end.h` closes it.
// Included on arm64 only.
#include <arm_neon.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef INT8_DOT
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#define KERNEL(name) name##_neon_dot
#else
#pragma clang attribute push(__attribute__((target("neon"))), apply_to = function)
#define KERNEL(name) name##_neon
#endif
#define INT8_FORM INT8_SIGNED
#define INTEGERS_WIDTH 4
/// The assembler's constraint for a vector register.
#define VECTOR_REGISTER "+w"
typedef int32x4_t integers;

static inline integers integers_load(const void *p) { return vreinterpretq_s32_u8(vld1q_u8(p)); }
static inline void integers_store(void *p, integers v) { vst1q_u8(p, vreinterpretq_u8_s32(v)); }
static inline integers integers_broadcast(int32_t x) { return vdupq_n_s32(x); }
static inline integers integers_add(integers a, integers b) { return vaddq_s32(a, b); }
static inline integers integers_subtract(integers a, integers b) { return vsubq_s32(a, b); }
static inline integers integers_multiply(integers a, integers b) { return vmulq_s32(a, b); }
static inline integers integers_move_left(integers a, int32_t bits) { return vshlq_s32(a, vdupq_n_s32(bits)); }
/// The next bytes, or int16 values, one to a lane.
static inline integers integers_load_bytes(const int8_t *p) {
  int32_t bytes;
  memcpy(&bytes, p, sizeof bytes);
  return vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(bytes)))));
}
static inline integers integers_load_words(const uint8_t *p) {
  return vmovl_s16(vreinterpret_s16_u8(vld1_u8(p)));
}

/// sum + the products of a group's values.
static inline integers integers_dot(integers sum, integers values, integers weights) {
  const int8x16_t x = vreinterpretq_s8_s32(values), w = vreinterpretq_s8_s32(weights);
#ifdef INT8_DOT
  return vdotq_s32(sum, x, w);
#else
  const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(x), vget_low_s8(w)));
  const int32x4_t high = vpaddlq_s16(vmull_high_s8(x, w));
  return vaddq_s32(sum, vpaddq_s32(low, high));
#endif
}

/// sum + value * weight; the weight is in the low half of its lane and the high half is 0.
static inline integers integers_filter(integers sum, integers values, integers weights) {
  return vmlal_s16(sum, vmovn_s32(values), vmovn_s32(weights));
}

/// Factors, one per lane: the processor has both roundings as instructions.
struct factors {
  integers multiplier, left, right;
  bool is_general;
};

static inline struct factors factors_of(integers multiplier, integers shift) {
  const integers zero = vdupq_n_s32(0);
  const struct factors f = {multiplier, vmaxq_s32(shift, zero), vminq_s32(shift, zero), true};
  return f;
}

static inline __attribute__((always_inline)) integers factors_apply(const struct factors *f, integers x,
                                                                    const bool is_general) {
  const integers product = vqrdmulhq_s32(vshlq_s32(x, f->left), f->multiplier);
  // The shift rounds ties upwards; one less makes those of negative numbers go down.
  const integers correction = vshrq_n_s32(vandq_s32(product, f->right), 31);
  return vrshlq_s32(vqaddq_s32(product, correction), f->right);
}

/// Bounds of the results, which are within int8.
struct bounds {
  int8x16_t low, high;
};

static inline struct bounds bounds_of(int32_t low, int32_t high) {
  const struct bounds bounds = {vdupq_n_s8((int8_t)low), vdupq_n_s8((int8_t)high)};
  return bounds;
}

/// Stores four vectors as bytes, `stride` apart.
static inline void integers_store_bytes(int8_t *y, size_t stride, integers a, integers b, integers c, integers d,
                                        struct bounds bounds) {
  const int16x8_t low = vcombine_s16(vqmovn_s32(a), vqmovn_s32(b));
  const int16x8_t high = vcombine_s16(vqmovn_s32(c), vqmovn_s32(d));
  const int8x16_t mixed = vcombine_s8(vqmovn_s16(low), vqmovn_s16(high));
  const int8x16_t bytes = vminq_s8(vmaxq_s8(mixed, bounds.low), bounds.high);
  int8_t rows[4 * INTEGERS_WIDTH];
  vst1q_s8(rows, bytes);
  for (int row = 0; row < 4; row++) memcpy(y + row * stride, rows + row * INTEGERS_WIDTH, INTEGERS_WIDTH);
}

/// Stores the first `count` lanes as bytes.
static inline void integers_store_first_bytes(int8_t *y, integers v, size_t count, struct bounds bounds) {
  int8_t bytes[4 * INTEGERS_WIDTH];
  integers_store_bytes(bytes, INTEGERS_WIDTH, v, v, v, v, bounds);
  memcpy(y, bytes, count);
}
