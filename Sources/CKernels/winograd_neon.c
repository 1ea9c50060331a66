#if defined(__aarch64__)
#include "vector_neon.h"

#include "winograd_template.h"

#include "vector_end.h"
#endif
