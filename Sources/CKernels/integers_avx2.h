// Opens a region whose functions may use AVX2, and the dot products of AVX-VNNI if INT8_DOT says so; `vector_end.h`
// closes it.
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef INT8_DOT
#pragma clang attribute push(__attribute__((target("avx2,avxvnni"))), apply_to = function)
#define KERNEL(name) name##_avx2_dot
#define INT8_FORM INT8_UNSIGNED
#else
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define KERNEL(name) name##_avx2
#define INT8_FORM INT8_WORDS
#endif
#define INTEGERS_WIDTH 8
/// The assembler's constraint for a vector register.
#define VECTOR_REGISTER "+x"
typedef __m256i integers;

static inline integers integers_load(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }
static inline void integers_store(void *p, integers v) { _mm256_storeu_si256((__m256i *)p, v); }
static inline integers integers_broadcast(int32_t x) { return _mm256_set1_epi32(x); }
static inline integers integers_add(integers a, integers b) { return _mm256_add_epi32(a, b); }
static inline integers integers_subtract(integers a, integers b) { return _mm256_sub_epi32(a, b); }
static inline integers integers_multiply(integers a, integers b) { return _mm256_mullo_epi32(a, b); }
static inline integers integers_move_left(integers a, int32_t bits) {
  return _mm256_sll_epi32(a, _mm_cvtsi32_si128(bits));
}
/// The next bytes, or int16 values, one to a lane.
static inline integers integers_load_bytes(const int8_t *p) {
  return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)p));
}
static inline integers integers_load_words(const uint8_t *p) {
  return _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)p));
}

/// sum + the products of a group's values.
static inline integers integers_dot(integers sum, integers values, integers weights) {
#ifdef INT8_DOT
  return _mm256_dpbusd_avx_epi32(sum, values, weights);
#else
  return _mm256_add_epi32(sum, _mm256_madd_epi16(values, weights));
#endif
}

/// sum + value * weight; the weight is in the low half of its lane and the high half is 0.
static inline integers integers_filter(integers sum, integers values, integers weights) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(values, weights));
}

/// Factors, one per lane. See int8_rescale.h.
struct factors {
  integers multiplier, odd_multiplier;
  __m256i even_offset, odd_offset;
  integers left, right, unshifted;
  /// Whether some lane is not shifted to the right.
  bool is_general;
};

static inline struct factors factors_of(integers multiplier, integers shift) {
  const __m256i zero = _mm256_setzero_si256(), half = _mm256_set1_epi64x((int64_t)1 << 30);
  struct factors f;
  f.multiplier = multiplier;
  f.odd_multiplier = _mm256_srli_epi64(multiplier, 32);
  f.left = _mm256_max_epi32(shift, zero);
  f.unshifted = _mm256_cmpgt_epi32(shift, _mm256_set1_epi32(-1));
  f.is_general = !_mm256_testz_si256(f.unshifted, f.unshifted);
  const __m256i exponent = _mm256_max_epi32(_mm256_sub_epi32(zero, shift), _mm256_set1_epi32(1));
  f.right = _mm256_sub_epi32(exponent, _mm256_set1_epi32(1));
  const __m256i low = _mm256_set1_epi64x(0xffffffff);
  f.even_offset = _mm256_add_epi64(half, _mm256_sllv_epi64(half, _mm256_and_si256(exponent, low)));
  f.odd_offset = _mm256_add_epi64(half, _mm256_sllv_epi64(half, _mm256_srli_epi64(exponent, 32)));
  return f;
}

static inline __m256i offset_product(__m256i product, __m256i offset) {
  const __m256i correction = _mm256_slli_epi64(_mm256_srli_epi64(product, 63), 31);
  return _mm256_sub_epi64(_mm256_add_epi64(product, offset), correction);
}

static inline __attribute__((always_inline)) integers factors_apply(const struct factors *f, integers x,
                                                                    const bool is_general) {
  if (is_general) x = _mm256_sllv_epi32(x, f->left);
  const __m256i even = _mm256_mul_epi32(x, f->multiplier);
  const __m256i odd = _mm256_mul_epi32(_mm256_srli_epi64(x, 32), f->odd_multiplier);
  const __m256i low = offset_product(even, f->even_offset), high = offset_product(odd, f->odd_offset);
  const integers top = _mm256_blend_epi32(_mm256_srli_epi64(low, 32), high, 0xaa);
  const integers scaled = _mm256_srav_epi32(top, f->right);
  if (!is_general) return scaled;
  const __m256i half = _mm256_set1_epi64x((int64_t)1 << 30);
  const __m256i low_whole = _mm256_srli_epi64(_mm256_add_epi64(even, half), 31);
  const __m256i high_whole = _mm256_slli_epi64(_mm256_add_epi64(odd, half), 1);
  const integers whole = _mm256_blend_epi32(low_whole, high_whole, 0xaa);
  return _mm256_blendv_epi8(scaled, whole, f->unshifted);
}

/// Bounds of the results, which are within int8.
struct bounds {
  integers low, high;
};

static inline struct bounds bounds_of(int32_t low, int32_t high) {
  const struct bounds bounds = {_mm256_set1_epi8((int8_t)low), _mm256_set1_epi8((int8_t)high)};
  return bounds;
}

/// Stores four vectors as bytes, `stride` apart.
static inline void integers_store_bytes(int8_t *y, size_t stride, integers a, integers b, integers c, integers d,
                                        struct bounds bounds) {
  const __m256i mixed = _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
  const __m256i clamped = _mm256_min_epi8(_mm256_max_epi8(mixed, bounds.low), bounds.high);
  const __m256i bytes = _mm256_permutevar8x32_epi32(clamped, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  if (stride == INTEGERS_WIDTH) {
    _mm256_storeu_si256((__m256i *)y, bytes);
    return;
  }
  const __m128i low = _mm256_castsi256_si128(bytes), high = _mm256_extracti128_si256(bytes, 1);
  _mm_storel_epi64((__m128i *)y, low);
  _mm_storel_epi64((__m128i *)(y + stride), _mm_unpackhi_epi64(low, low));
  _mm_storel_epi64((__m128i *)(y + 2 * stride), high);
  _mm_storel_epi64((__m128i *)(y + 3 * stride), _mm_unpackhi_epi64(high, high));
}

/// Stores the first `count` lanes as bytes.
static inline void integers_store_first_bytes(int8_t *y, integers v, size_t count, struct bounds bounds) {
  int8_t bytes[4 * INTEGERS_WIDTH];
  integers_store_bytes(bytes, INTEGERS_WIDTH, v, v, v, v, bounds);
  memcpy(y, bytes, count);
}
