// Where a convolution reads: the input pixels under every output position.
#ifndef CKERNELS_WINDOW_H
#define CKERNELS_WINDOW_H

#include <stddef.h>

/// A convolution's window over channels-last samples with up to three spatial axes, slowest first.
struct window {
  ptrdiff_t input[3], output[3], kernel[3], stride[3], dilation[3], pad[3];
  /// Floats from one position to the next along each axis, and from one sample to the next.
  ptrdiff_t step[3], sample;
};

/// Finds the pixel under each tap (kernel position, in order) of `count` output positions from `first` on; positions
/// count through samples, then the axes. pointers[tap * count + position] becomes the pixel, or `zeros` outside.
void window_pixels(const struct window *_Nonnull window, const float *_Nonnull input, const float *_Nonnull zeros,
                   size_t first, size_t count, const float *_Nonnull *_Nonnull pointers);

#endif
