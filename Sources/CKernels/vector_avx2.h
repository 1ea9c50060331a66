// Opens a region whose functions may use AVX2 and FMA; `vector_end.h` closes it.
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define KERNEL(name) name##_avx2
#define VECTOR_WIDTH 8
/// The assembler's constraint for a vector register.
#define VECTOR_REGISTER "+v"
typedef __m256 vector;

static const int32_t vector_masks[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

static inline __m256i vector_mask_first(size_t count) {
  return _mm256_loadu_si256((const __m256i *)(vector_masks + 8 - count));
}

static inline vector vector_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void vector_store(float *p, vector v) { _mm256_storeu_ps(p, v); }
/// The first `count` (1 ..< width) elements; the rest is 0 and not touched.
static inline vector vector_load_first(const float *p, size_t count) {
  return _mm256_maskload_ps(p, vector_mask_first(count));
}
static inline void vector_store_first(float *p, vector v, size_t count) {
  _mm256_maskstore_ps(p, vector_mask_first(count), v);
}
static inline vector vector_broadcast(float x) { return _mm256_set1_ps(x); }
static inline vector vector_zero(void) { return _mm256_setzero_ps(); }
static inline vector vector_add(vector a, vector b) { return _mm256_add_ps(a, b); }
static inline vector vector_subtract(vector a, vector b) { return _mm256_sub_ps(a, b); }
static inline vector vector_multiply(vector a, vector b) { return _mm256_mul_ps(a, b); }
/// a * b + c, rounded once.
static inline vector vector_fma(vector a, vector b, vector c) { return _mm256_fmadd_ps(a, b, c); }
/// x < low ? low : x, then x > high ? high : x; NaN stays.
static inline vector vector_clamp(vector x, vector low, vector high) {
  return _mm256_min_ps(high, _mm256_max_ps(low, x));
}
