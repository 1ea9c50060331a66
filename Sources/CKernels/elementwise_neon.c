#if defined(__aarch64__)
#include "elementwise.h"

#define KERNEL(name) name##_neon
#define EACH _Pragma("clang loop vectorize(assume_safety)")
#pragma clang attribute push(__attribute__((target("neon"))), apply_to = function)
#include "elementwise_all.h"
#pragma clang attribute pop
#endif
