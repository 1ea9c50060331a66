#include "threads.h"

static _Thread_local bool inside_loop = false;

bool thread_is_inside_loop(void) { return inside_loop; }

void thread_set_inside_loop(bool inside) { inside_loop = inside; }

size_t counter_next(size_t *counter) { return __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED); }
