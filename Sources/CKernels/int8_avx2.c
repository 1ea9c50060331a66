#if defined(__x86_64__)
#include "integers_avx2.h"

#define INT8_ROWS_1 6
#define INT8_ROWS_2 0
#define INT8_ROWS_4 0
#include "int8_template.h"

#include "vector_end.h"
#endif
