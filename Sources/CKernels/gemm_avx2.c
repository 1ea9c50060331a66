#if defined(__x86_64__)
#include "vector_avx2.h"

#define GEMM_ROWS 6
#define GEMM_PANELS 1
#include "gemm_template.h"

#include "vector_end.h"
#endif
