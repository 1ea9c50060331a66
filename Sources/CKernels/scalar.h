// Opens a region of plain scalar code with one fused multiply-add instruction; `vector_end.h` closes it.
// The twins that the fast kernels are compared with are written on this.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("fma"))), apply_to = function)
#else
#pragma clang attribute push(__attribute__((target("neon"))), apply_to = function)
#endif

/// a * b + c, rounded once; one instruction, never a call.
static inline float scalar_fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
/// NaN stays.
static inline float scalar_clamp(float x, float low, float high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}
