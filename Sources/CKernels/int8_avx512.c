#if defined(__x86_64__)
#include "integers_avx512.h"

#define INT8_ROWS_1 16
#define INT8_ROWS_2 12
#define INT8_ROWS_4 6
#include "int8_template.h"

#include "vector_end.h"
#endif
