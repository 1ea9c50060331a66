// Depthwise convolution: each channel is filtered by itself, so vectors lie along the channels.
#ifndef CKERNELS_DEPTHWISE_H
#define CKERNELS_DEPTHWISE_H

#include <stddef.h>

/// Neighboring output positions of one line: out[c] = clamp(bias[c] + Σ in[tap][c]·filter[tap][c] + addend[c]),
/// the sum a chain of fused multiply-adds that starts at the bias and runs over the taps in order.
struct depthwise_run {
  size_t channels, positions;
  /// taps = lines * columns.
  size_t lines, columns;
  /// Where the taps of the run read. In `filter_lines`, line l of the first position begins at input[l]. In
  /// `filter_pixels`, the pixel under (tap, position) is input[tap * input_stride + position].
  const float *_Nonnull const *_Nonnull input;
  size_t input_stride;
  /// For `filter_lines`: floats from a tap to the next in its line, and from a position to the next.
  size_t column_step, position_step;
  /// Rows of `filter_stride` floats (channels, padded to whole panels) per tap; the bias alike.
  const float *_Nonnull filter;
  size_t filter_stride;
  const float *_Nullable bias;
  /// Dense runs of `channels` per position.
  const float *_Nullable addend;
  float *_Nonnull output;
  float low, high;
};

struct depthwise_kernels {
  void (*_Nonnull filter_lines)(const struct depthwise_run *_Nonnull run);
  void (*_Nonnull filter_pixels)(const struct depthwise_run *_Nonnull run);
};

#endif
