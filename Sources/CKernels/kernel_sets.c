#include "kernel_sets.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <stdint.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#endif

// A set is declared by its families' tables, each defined in FAMILY_SET.c.
#define DECLARE_SET(isa)                                           \
  extern const struct depthwise_kernels depthwise_kernels_##isa;     \
  extern const struct elementwise_kernels elementwise_kernels_##isa; \
  extern const struct gemm_kernels gemm_kernels_##isa;               \
  extern const struct int8_kernels int8_kernels_##isa;               \
  extern const struct winograd_kernels winograd_kernels_##isa;
#define DEFINE_SET(isa, dot)                    \
  {.name = #isa,                                \
   .depthwise = &depthwise_kernels_##isa,       \
   .gemm = &gemm_kernels_##isa,                 \
   .elementwise = &elementwise_kernels_##isa,   \
   .int8 = &int8_kernels_##isa,                 \
   .int8_dot = dot,                             \
   .winograd = &winograd_kernels_##isa}

DECLARE_SET(ref)
#if defined(__x86_64__)
DECLARE_SET(avx2)
DECLARE_SET(avx512)
extern const struct int8_kernels int8_kernels_avx2_dot, int8_kernels_avx512_dot;
#elif defined(__aarch64__)
DECLARE_SET(neon)
extern const struct int8_kernels int8_kernels_neon_dot;
#endif

static const struct kernel_set sets[] = {
    DEFINE_SET(ref, NULL),
#if defined(__x86_64__)
    DEFINE_SET(avx2, &int8_kernels_avx2_dot),
    DEFINE_SET(avx512, &int8_kernels_avx512_dot),
#elif defined(__aarch64__)
    DEFINE_SET(neon, &int8_kernels_neon_dot),
#endif
};

size_t kernel_set_count(void) { return sizeof sets / sizeof sets[0]; }

const struct kernel_set *kernel_set_at(size_t index) { return &sets[index]; }

#if defined(__x86_64__)

/// What the processor has and the operating system saves.
struct features {
  bool x86_64_v3, avx512;
  /// Dot products of bytes: AVX-VNNI and AVX-512 VNNI.
  bool avx_vnni, avx512_vnni;
};

static struct features detect_features(void) {
  struct features found = {false, false, false, false};
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
  found.avx512_vnni = found.avx512 && (c & bit_AVX512VNNI);
  found.avx_vnni = found.x86_64_v3 && a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & bit_AVXVNNI);
  return found;
}

bool kernel_set_runs_here(const struct kernel_set *set) {
  const struct features found = detect_features();
  return set == &sets[2] ? found.avx512 : found.x86_64_v3;
}

bool kernel_set_has_dot_products(const struct kernel_set *set) {
  const struct features found = detect_features();
  return set == &sets[2] ? found.avx512_vnni : set == &sets[1] && found.avx_vnni;
}

#else

bool kernel_set_runs_here(const struct kernel_set *set) { return true; }

bool kernel_set_has_dot_products(const struct kernel_set *set) {
  if (!set->int8_dot) return false;
#if defined(__aarch64__) && defined(__linux__)
  // HWCAP_ASIMDDP
  return getauxval(AT_HWCAP) & (1UL << 20);
#elif defined(__aarch64__) && defined(__APPLE__)
  int has = 0;
  size_t size = sizeof has;
  return sysctlbyname("hw.optional.arm.FEAT_DotProd", &has, &size, NULL, 0) == 0 && has;
#else
  return false;
#endif
}

#endif
