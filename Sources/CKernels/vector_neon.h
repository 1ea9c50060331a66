// Opens a region whose functions may use NEON; `vector_end.h` closes it. Included on arm64 only.
#include <arm_neon.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("neon"))), apply_to = function)

#define KERNEL(name) name##_neon
#define VECTOR_WIDTH 4
/// The assembler's constraint for a vector register.
#define VECTOR_REGISTER "+w"
typedef float32x4_t vector;

static inline vector vector_load(const float *p) { return vld1q_f32(p); }
static inline void vector_store(float *p, vector v) { vst1q_f32(p, v); }
/// The first `count` (1 ..< width) elements; the rest is 0 and not touched.
static inline vector vector_load_first(const float *p, size_t count) {
  float all[4] = {0, 0, 0, 0};
  for (size_t i = 0; i < count; i++) all[i] = p[i];
  return vld1q_f32(all);
}
static inline void vector_store_first(float *p, vector v, size_t count) {
  float all[4];
  vst1q_f32(all, v);
  for (size_t i = 0; i < count; i++) p[i] = all[i];
}
static inline vector vector_broadcast(float x) { return vdupq_n_f32(x); }
static inline vector vector_zero(void) { return vdupq_n_f32(0); }
static inline vector vector_add(vector a, vector b) { return vaddq_f32(a, b); }
static inline vector vector_subtract(vector a, vector b) { return vsubq_f32(a, b); }
static inline vector vector_multiply(vector a, vector b) { return vmulq_f32(a, b); }
/// a * b + c, rounded once.
static inline vector vector_fma(vector a, vector b, vector c) { return vfmaq_f32(c, a, b); }
/// x < low ? low : x, then x > high ? high : x; NaN stays.
static inline vector vector_clamp(vector x, vector low, vector high) {
  x = vbslq_f32(vcltq_f32(x, low), low, x);
  return vbslq_f32(vcgtq_f32(x, high), high, x);
}
