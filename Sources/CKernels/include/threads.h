// The two things a parallel loop needs that a value type cannot hold.
#ifndef CKERNELS_THREADS_H
#define CKERNELS_THREADS_H

#include <stdbool.h>
#include <stddef.h>

/// Whether this thread works for a parallel loop already.
bool thread_is_inside_loop(void);
void thread_set_inside_loop(bool inside);

/// Takes the next number of a counter that several threads share.
size_t counter_next(size_t *_Nonnull counter);

#endif
