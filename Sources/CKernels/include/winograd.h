// Winograd's F(2x2, 3x3): 16 products where a 3x3 convolution takes 36 for four outputs.
//
// A patch of 4x4 inputs d becomes V = Bᵀ d B; per tap of V one product with the transformed filter, summed over the
// channels as one chain; the 16 sums m become four outputs Aᵀ m A. The rows of Bᵀ d are d0 - d2, d1 + d2, d2 - d1,
// d1 - d3; those of Aᵀ m are (m0 + m1) + m2 and (m1 - m2) - m3. Lines are combined first, then columns.
#ifndef CKERNELS_WINOGRAD_H
#define CKERNELS_WINOGRAD_H

#include <stdbool.h>
#include <stddef.h>

/// A run of neighboring patches in one line of tiles of one sample.
struct winograd_patches {
  /// The sample, channels last.
  const float *_Nonnull input;
  ptrdiff_t height, width;
  size_t channels;
  /// Upper left pixel of the first patch; the next one is two columns on. Pixels outside are 0.
  ptrdiff_t y, x;
  size_t count;
  /// A line of zeros as long as one of the sample.
  const float *_Nonnull zeros;
  /// Channel c of tap t of patch i goes to
  /// values[t * tap_stride + c / GEMM_CHUNK * chunk_stride + i * GEMM_CHUNK + c % GEMM_CHUNK].
  float *_Nonnull values;
  size_t tap_stride, chunk_stride;
};

/// A run of neighboring 2x2 outputs.
struct winograd_outputs {
  /// Tap t of tile i is at sums[t * tap_stride + i * channels].
  const float *_Nonnull sums;
  size_t tap_stride;
  size_t channels, count;
  /// The upper left output pixel of the first tile, and the like place of the addend.
  float *_Nonnull output;
  const float *_Nullable addend;
  /// Floats from one output line to the next.
  size_t line;
  /// Output lines and columns that exist from the first tile on; the last tiles may be cut.
  size_t lines, columns;
  float low, high;
};

struct winograd_kernels {
  /// Returns false if an input is infinite or not a number. (Also, at times, if sums of inputs are too large.)
  bool (*_Nonnull transform)(const struct winograd_patches *_Nonnull patches);
  void (*_Nonnull finish)(const struct winograd_outputs *_Nonnull outputs);
};

#endif
