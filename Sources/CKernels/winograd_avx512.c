#if defined(__x86_64__)
#include "vector_avx512.h"

#include "winograd_template.h"

#include "vector_end.h"
#endif
