// Opens a region whose functions may use AVX-512, and VNNI if INT8_DOT says so; `vector_end.h` closes it.
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef INT8_DOT
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512vnni,avx2"))), \
                             apply_to = function)
#define KERNEL(name) name##_avx512_dot
#define INT8_FORM INT8_UNSIGNED
#else
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2"))), apply_to = function)
#define KERNEL(name) name##_avx512
#define INT8_FORM INT8_WORDS
#endif
#define INTEGERS_WIDTH 16
/// The assembler's constraint for a vector register.
#define VECTOR_REGISTER "+v"
typedef __m512i integers;

static inline integers integers_load(const void *p) { return _mm512_loadu_si512(p); }
static inline void integers_store(void *p, integers v) { _mm512_storeu_si512(p, v); }
static inline integers integers_broadcast(int32_t x) { return _mm512_set1_epi32(x); }
static inline integers integers_add(integers a, integers b) { return _mm512_add_epi32(a, b); }
static inline integers integers_subtract(integers a, integers b) { return _mm512_sub_epi32(a, b); }
static inline integers integers_multiply(integers a, integers b) { return _mm512_mullo_epi32(a, b); }
static inline integers integers_move_left(integers a, int32_t bits) {
  return _mm512_sll_epi32(a, _mm_cvtsi32_si128(bits));
}
/// The next bytes, or int16 values, one to a lane.
static inline integers integers_load_bytes(const int8_t *p) {
  return _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p));
}
static inline integers integers_load_words(const uint8_t *p) {
  return _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)p));
}

/// sum + the products of a group's values.
static inline integers integers_dot(integers sum, integers values, integers weights) {
#ifdef INT8_DOT
  return _mm512_dpbusd_epi32(sum, values, weights);
#else
  return _mm512_add_epi32(sum, _mm512_madd_epi16(values, weights));
#endif
}

/// sum + value * weight; the weight is in the low half of its lane and the high half is 0.
static inline integers integers_filter(integers sum, integers values, integers weights) {
#ifdef INT8_DOT
  return _mm512_dpwssd_epi32(sum, values, weights);
#else
  return _mm512_add_epi32(sum, _mm512_madd_epi16(values, weights));
#endif
}

/// Factors, one per lane. See int8_rescale.h.
struct factors {
  integers multiplier, odd_multiplier;
  __m512i even_offset, odd_offset;
  integers left, right;
  __mmask16 unshifted;
  /// Whether some lane is not shifted to the right.
  bool is_general;
};

static inline struct factors factors_of(integers multiplier, integers shift) {
  const __m512i zero = _mm512_setzero_si512(), half = _mm512_set1_epi64((int64_t)1 << 30);
  struct factors f;
  f.multiplier = multiplier;
  f.odd_multiplier = _mm512_srli_epi64(multiplier, 32);
  f.left = _mm512_max_epi32(shift, zero);
  f.unshifted = _mm512_cmpge_epi32_mask(shift, zero);
  f.is_general = f.unshifted != 0;
  const __m512i exponent = _mm512_max_epi32(_mm512_sub_epi32(zero, shift), _mm512_set1_epi32(1));
  f.right = _mm512_sub_epi32(exponent, _mm512_set1_epi32(1));
  const __m512i low = _mm512_set1_epi64(0xffffffff);
  f.even_offset = _mm512_add_epi64(half, _mm512_sllv_epi64(half, _mm512_and_si512(exponent, low)));
  f.odd_offset = _mm512_add_epi64(half, _mm512_sllv_epi64(half, _mm512_srli_epi64(exponent, 32)));
  return f;
}

static inline __m512i offset_product(__m512i product, __m512i offset) {
  const __m512i sum = _mm512_add_epi64(product, offset);
  return _mm512_mask_sub_epi64(sum, _mm512_movepi64_mask(product), sum, _mm512_set1_epi64((int64_t)1 << 31));
}

static inline __attribute__((always_inline)) integers factors_apply(const struct factors *f, integers x,
                                                                    const bool is_general) {
  if (is_general) x = _mm512_sllv_epi32(x, f->left);
  const __m512i even = _mm512_mul_epi32(x, f->multiplier);
  const __m512i odd = _mm512_mul_epi32(_mm512_srli_epi64(x, 32), f->odd_multiplier);
  const __m512i low = offset_product(even, f->even_offset), high = offset_product(odd, f->odd_offset);
  const integers top = _mm512_mask_shuffle_epi32(high, 0x5555, low, _MM_PERM_DDBB);
  const integers scaled = _mm512_srav_epi32(top, f->right);
  if (!is_general) return scaled;
  const __m512i half = _mm512_set1_epi64((int64_t)1 << 30);
  const __m512i low_whole = _mm512_srli_epi64(_mm512_add_epi64(even, half), 31);
  const __m512i high_whole = _mm512_slli_epi64(_mm512_add_epi64(odd, half), 1);
  const integers whole = _mm512_mask_mov_epi32(high_whole, 0x5555, low_whole);
  return _mm512_mask_mov_epi32(scaled, f->unshifted, whole);
}

/// Bounds of the results, which are within int8.
struct bounds {
  integers low, high;
};

static inline struct bounds bounds_of(int32_t low, int32_t high) {
  const struct bounds bounds = {_mm512_set1_epi8((int8_t)low), _mm512_set1_epi8((int8_t)high)};
  return bounds;
}

/// Stores four vectors as bytes, `stride` apart.
static inline void integers_store_bytes(int8_t *y, size_t stride, integers a, integers b, integers c, integers d,
                                        struct bounds bounds) {
  const __m512i mixed = _mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
  const __m512i clamped = _mm512_min_epi8(_mm512_max_epi8(mixed, bounds.low), bounds.high);
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i bytes = _mm512_permutexvar_epi32(order, clamped);
  if (stride == INTEGERS_WIDTH) {
    _mm512_storeu_si512(y, bytes);
    return;
  }
  _mm_storeu_si128((__m128i *)y, _mm512_castsi512_si128(bytes));
  _mm_storeu_si128((__m128i *)(y + stride), _mm512_extracti32x4_epi32(bytes, 1));
  _mm_storeu_si128((__m128i *)(y + 2 * stride), _mm512_extracti32x4_epi32(bytes, 2));
  _mm_storeu_si128((__m128i *)(y + 3 * stride), _mm512_extracti32x4_epi32(bytes, 3));
}

/// Stores the first `count` lanes as bytes.
static inline void integers_store_first_bytes(int8_t *y, integers v, size_t count, struct bounds bounds) {
  const __m128i bytes = _mm512_cvtsepi32_epi8(v);
  const __m128i clamped = _mm_min_epi8(_mm_max_epi8(bytes, _mm512_castsi512_si128(bounds.low)),
                                       _mm512_castsi512_si128(bounds.high));
  _mm_mask_storeu_epi8(y, (__mmask16)((1u << count) - 1), clamped);
}
