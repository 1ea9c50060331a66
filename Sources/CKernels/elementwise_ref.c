// The plain twin: one element at a time.
#include "elementwise.h"

#define KERNEL(name) name##_ref
#define EACH _Pragma("clang loop vectorize(disable) interleave(disable)")
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("fma"))), apply_to = function)
#else
#pragma clang attribute push(__attribute__((target("neon"))), apply_to = function)
#endif
#include "elementwise_all.h"
#pragma clang attribute pop
