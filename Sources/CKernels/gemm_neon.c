#if defined(__aarch64__)
#include "vector_neon.h"

#define GEMM_ROWS 6
#define GEMM_PANELS 1
#include "gemm_template.h"

#include "vector_end.h"
#endif
