#if defined(__x86_64__)
#include "vector_avx2.h"

#include "depthwise_template.h"

#include "vector_end.h"
#endif
