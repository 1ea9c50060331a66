#include "codecs.h"

#include <string.h>

static float float_from_half(uint16_t bits) {
  uint32_t sign = (uint32_t)(bits & 0x8000) << 16;
  uint32_t exponent = (bits >> 10) & 31;
  uint32_t fraction = bits & 1023;
  uint32_t word;
  if (exponent == 31) {
    word = sign | 0x7F800000u | fraction << 13;
  } else if (exponent > 0) {
    word = sign | (exponent + 112) << 23 | fraction << 13;
  } else {
    // Subnormal: fraction × 2^-24 is exact in float32.
    float magnitude = (float)fraction * 0x1p-24f;
    memcpy(&word, &magnitude, 4);
    word |= sign;
  }
  float value;
  memcpy(&value, &word, 4);
  return value;
}

uint16_t codec_half_bits(float value) {
  uint32_t word;
  memcpy(&word, &value, 4);
  uint16_t sign = (uint16_t)(word >> 16 & 0x8000);
  uint32_t magnitude = word & 0x7FFFFFFF;
  if (magnitude > 0x7F800000u) return sign | 0x7E00;
  if (magnitude >= 0x477FF000u) return sign | 0x7C00;
  if (magnitude < 0x38800000u) {
    // Subnormal result: adding 0.5 leaves the rounded multiple of 2^-24 in the low bits.
    float absolute;
    memcpy(&absolute, &magnitude, 4);
    absolute += 0.5f;
    uint32_t bits;
    memcpy(&bits, &absolute, 4);
    return (uint16_t)(sign | (bits - 0x3F000000u));
  }
  uint32_t odd = magnitude >> 13 & 1;
  return (uint16_t)(sign | (magnitude - 0x38000000u + 0xFFF + odd) >> 13);
}

#define CONVERT(TYPE)                                                                                            \
  do {                                                                                                           \
    const char *bytes = source;                                                                                  \
    for (size_t i = 0; i < count; i++) {                                                                         \
      TYPE element;                                                                                              \
      memcpy(&element, bytes + i * sizeof(TYPE), sizeof(TYPE));                                                  \
      target[i] = (float)element;                                                                                \
    }                                                                                                            \
  } while (0)

void codec_to_float(int type, const void *source, float *target, size_t count) {
  switch (type) {
  case CODEC_U8: CONVERT(uint8_t); break;
  case CODEC_I8: CONVERT(int8_t); break;
  case CODEC_U16: CONVERT(uint16_t); break;
  case CODEC_I16: CONVERT(int16_t); break;
  case CODEC_U32: CONVERT(uint32_t); break;
  case CODEC_I32: CONVERT(int32_t); break;
  case CODEC_U64: CONVERT(uint64_t); break;
  case CODEC_I64: CONVERT(int64_t); break;
  case CODEC_F64: CONVERT(double); break;
  case CODEC_F32: memcpy(target, source, count * sizeof(float)); break;
  case CODEC_F16:
    for (size_t i = 0; i < count; i++) {
      uint16_t bits;
      memcpy(&bits, (const char *)source + 2 * i, 2);
      target[i] = float_from_half(bits);
    }
    break;
  }
}

void codec_swap_bytes(const void *source, void *target, size_t width, size_t count) {
  const uint8_t *from = source;
  uint8_t *to = target;
  for (size_t i = 0; i < count; i++)
    for (size_t b = 0; b < width; b++) to[i * width + b] = from[i * width + width - 1 - b];
}

void codec_gather(const void *source, size_t stride, void *target, size_t width, size_t count) {
  const uint8_t *from = source;
  uint8_t *to = target;
  for (size_t i = 0; i < count; i++) memcpy(to + i * width, from + i * stride, width);
}

void codec_normalize(float *elements, size_t outer, size_t channels, size_t inner, float numerator,
                     float denominator, const float *mean, const float *deviation) {
  size_t total = outer * channels * inner;
  if (numerator != 1)
    for (size_t i = 0; i < total; i++) elements[i] *= numerator;
  if (denominator != 1)
    for (size_t i = 0; i < total; i++) elements[i] /= denominator;
  if (!mean && !deviation) return;
  for (size_t o = 0; o < outer; o++) {
    float *block = elements + o * channels * inner;
    if (inner == 1) {
      if (mean)
        for (size_t c = 0; c < channels; c++) block[c] -= mean[c];
      if (deviation)
        for (size_t c = 0; c < channels; c++) block[c] /= deviation[c];
      continue;
    }
    for (size_t c = 0; c < channels; c++) {
      float *row = block + c * inner;
      if (mean)
        for (size_t i = 0; i < inner; i++) row[i] -= mean[c];
      if (deviation)
        for (size_t i = 0; i < inner; i++) row[i] /= deviation[c];
    }
  }
}
