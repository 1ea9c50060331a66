#if defined(__x86_64__)
#include "vector_avx512.h"

#define GEMM_ROWS 12
#define GEMM_PANELS 2
#include "gemm_template.h"

#include "vector_end.h"
#endif
