// Opens a region whose functions may use AVX-512; `vector_end.h` closes it.
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))), apply_to = function)

#define KERNEL(name) name##_avx512
#define VECTOR_WIDTH 16
/// The assembler's constraint for a vector register.
#define VECTOR_REGISTER "+v"
typedef __m512 vector;

static inline vector vector_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void vector_store(float *p, vector v) { _mm512_storeu_ps(p, v); }
/// The first `count` (1 ..< width) elements; the rest is 0 and not touched.
static inline vector vector_load_first(const float *p, size_t count) {
  return _mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
}
static inline void vector_store_first(float *p, vector v, size_t count) {
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), v);
}
static inline vector vector_broadcast(float x) { return _mm512_set1_ps(x); }
static inline vector vector_zero(void) { return _mm512_setzero_ps(); }
static inline vector vector_add(vector a, vector b) { return _mm512_add_ps(a, b); }
static inline vector vector_subtract(vector a, vector b) { return _mm512_sub_ps(a, b); }
static inline vector vector_multiply(vector a, vector b) { return _mm512_mul_ps(a, b); }
/// a * b + c, rounded once.
static inline vector vector_fma(vector a, vector b, vector c) { return _mm512_fmadd_ps(a, b, c); }
/// x < low ? low : x, then x > high ? high : x; NaN stays.
static inline vector vector_clamp(vector x, vector low, vector high) {
  return _mm512_min_ps(high, _mm512_max_ps(low, x));
}
