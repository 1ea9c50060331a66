// The kernel table: one set of micro-kernels per instruction set, found by name.
#ifndef CKERNELS_KERNEL_SETS_H
#define CKERNELS_KERNEL_SETS_H

#include <stdbool.h>
#include <stddef.h>

struct depthwise_kernels;
struct gemm_kernels;
struct winograd_kernels;
struct elementwise_kernels;
struct int8_kernels;

/// One instruction set's kernels, a pointer per family. Each family has its own header.
struct kernel_set {
  const char *_Nonnull name;
  const struct depthwise_kernels *_Nonnull depthwise;
  const struct gemm_kernels *_Nonnull gemm;
  const struct elementwise_kernels *_Nonnull elementwise;
  const struct winograd_kernels *_Nonnull winograd;
  const struct int8_kernels *_Nonnull int8;
  /// Those for processors with dot products of bytes, which not all of a set have.
  const struct int8_kernels *_Nullable int8_dot;
};

/// How many kernel sets this build holds, for any machine of this architecture.
size_t kernel_set_count(void);

/// The kernel sets from the plainest ("ref") to the fastest.
const struct kernel_set *_Nonnull kernel_set_at(size_t index);

/// Whether this machine can run the set. A machine that cannot run "ref" cannot run anything.
bool kernel_set_runs_here(const struct kernel_set *_Nonnull set);

/// Whether this machine can run the set's `int8_dot` kernels.
bool kernel_set_has_dot_products(const struct kernel_set *_Nonnull set);

#endif
