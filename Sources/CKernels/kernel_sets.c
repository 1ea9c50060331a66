#include "kernel_sets.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <stdint.h>
#endif

// A set is declared by its families' tables, each defined in FAMILY_SET.c.
#define DECLARE_SET(isa)                                           \
  extern const struct depthwise_kernels depthwise_kernels_##isa;     \
  extern const struct elementwise_kernels elementwise_kernels_##isa; \
  extern const struct gemm_kernels gemm_kernels_##isa;               \
  extern const struct winograd_kernels winograd_kernels_##isa;
#define DEFINE_SET(isa)                         \
  {.name = #isa,                                \
   .depthwise = &depthwise_kernels_##isa,       \
   .gemm = &gemm_kernels_##isa,                 \
   .elementwise = &elementwise_kernels_##isa,   \
   .winograd = &winograd_kernels_##isa}

DECLARE_SET(ref)
#if defined(__x86_64__)
DECLARE_SET(avx2)
DECLARE_SET(avx512)
#elif defined(__aarch64__)
DECLARE_SET(neon)
#endif

static const struct kernel_set sets[] = {
    DEFINE_SET(ref),
#if defined(__x86_64__)
    DEFINE_SET(avx2),
    DEFINE_SET(avx512),
#elif defined(__aarch64__)
    DEFINE_SET(neon),
#endif
};

size_t kernel_set_count(void) { return sizeof sets / sizeof sets[0]; }

const struct kernel_set *kernel_set_at(size_t index) { return &sets[index]; }

#if defined(__x86_64__)

/// What the processor has and the operating system saves.
struct features {
  bool x86_64_v3, avx512;
};

static struct features detect_features(void) {
  struct features found = {false, false};
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return found;
  const bool saves_state = c & bit_OSXSAVE;
  const bool first_leaf = (c & bit_FMA) && (c & bit_AVX) && (c & bit_F16C) && (c & bit_MOVBE);
  if (!saves_state || !first_leaf) return found;
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  const bool saves_ymm = (low & 0x06) == 0x06;
  const bool saves_zmm = (low & 0xe6) == 0xe6;
  if (!saves_ymm || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
  found.x86_64_v3 = (b & bit_AVX2) && (b & bit_BMI) && (b & bit_BMI2);
  found.avx512 = found.x86_64_v3 && saves_zmm && (b & bit_AVX512F) && (b & bit_AVX512VL) && (b & bit_AVX512BW) &&
                 (b & bit_AVX512DQ);
  return found;
}

bool kernel_set_runs_here(const struct kernel_set *set) {
  const struct features found = detect_features();
  return set == &sets[2] ? found.avx512 : found.x86_64_v3;
}

#else

bool kernel_set_runs_here(const struct kernel_set *set) { return true; }

#endif
