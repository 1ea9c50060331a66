#if defined(__x86_64__)
#include "elementwise.h"

#define KERNEL(name) name##_avx512
#define EACH _Pragma("clang loop vectorize(assume_safety)")
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))), apply_to = function)
#include "elementwise_all.h"
#pragma clang attribute pop
#endif
