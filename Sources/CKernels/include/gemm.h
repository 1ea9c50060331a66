// Matrix products: the kernel under dense layers, convolutions and Winograd's products.
#ifndef CKERNELS_GEMM_H
#define CKERNELS_GEMM_H

#include <stddef.h>

/// Columns of a packed panel. The same in every instruction set, so that packed weights are too.
#define GEMM_PANEL 16

/// One block of a product: c[i][j] = clamp(bias[j] + Σ a[i][k]·b[k][j] + addend[i][j]).
///
/// The sum is one chain of fused multiply-adds that starts at bias[j] (+0 where there is none) and runs over k
/// upwards; k counts taps first, then the channels within a tap. The addend is added once, after the chain.
struct gemm_block {
  size_t rows, columns;
  /// The chain's length is taps * depth.
  size_t taps, depth;
  /// Where the `depth` values of (tap, row) are: a[tap * a_stride + row].
  const float *_Nonnull const *_Nonnull a;
  size_t a_stride;
  /// Panels of GEMM_PANEL columns, each taps * depth rows long; the last one padded with zeros.
  const float *_Nonnull b;
  /// Padded to whole panels, or NULL.
  const float *_Nullable bias;
  /// Rows like those of c, or NULL.
  const float *_Nullable addend;
  size_t addend_stride;
  float *_Nonnull c;
  size_t c_stride;
  /// NaN passes through; (-inf, +inf) clamps nothing.
  float low, high;
};

/// Channels that lie together in the left operand of `multiply_chunks`.
#define GEMM_CHUNK 16

/// As `gemm_block`, of a left operand in chunks: a[i][k] is at a[k / GEMM_CHUNK * a_chunk + i * GEMM_CHUNK +
/// k % GEMM_CHUNK]. Rows at distances known to the compiler need no pointers, which pays for short chains.
struct gemm_chunks {
  size_t rows, columns, depth;
  const float *_Nonnull a;
  size_t a_chunk;
  const float *_Nonnull b;
  const float *_Nullable bias;
  float *_Nonnull c;
  size_t c_stride;
};

struct gemm_kernels {
  void (*_Nonnull multiply)(const struct gemm_block *_Nonnull block);
  void (*_Nonnull multiply_chunks)(const struct gemm_chunks *_Nonnull block);
  /// Runs `count` rounds of independent fused multiply-adds; returns how many floating-point operations that was.
  double (*_Nonnull exercise_fma)(size_t count);
};

#endif
