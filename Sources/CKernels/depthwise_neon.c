#if defined(__aarch64__)
#include "vector_neon.h"

#include "depthwise_template.h"

#include "vector_end.h"
#endif
