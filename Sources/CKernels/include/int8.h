// Integer arithmetic of quantized models: products of bytes, rescaling of their sums, element-wise functions.
//
// Sums are int32 and wrap around, so their order is free; everything else is a fixed formula. All sets therefore
// return the same bytes, which are those of TFLM's reference kernels.
#ifndef CKERNELS_INT8_H
#define CKERNELS_INT8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Columns of a packed panel. The same in every instruction set.
#define INT8_PANEL 16
/// Bytes of a group: what one lane multiplies and adds up at once.
#define INT8_GROUP 4

/// How values lie in the working copy that products read. Each has its own order of packed weights.
enum int8_form {
  /// x - zero point as int16; a group is two of them.
  INT8_WORDS,
  /// x + 128 as uint8; a group is four.
  INT8_UNSIGNED,
  /// x as int8; a group is four.
  INT8_SIGNED,
};

/// Where the output positions of a block read: position i of line l begins at a + l * line_step + i * position_step.
struct int8_positions {
  const uint8_t *_Nonnull a;
  size_t lines, positions;
  /// In bytes.
  ptrdiff_t line_step, position_step;
};

/// c[position][j] = start[j] + Σ a[position][k]·b[k][j], wrapping, for whole panels of columns.
struct int8_product {
  struct int8_positions rows;
  /// A position's values are `runs` pieces of `groups` groups each; piece r begins at run_offsets[r] bytes.
  size_t runs, groups;
  const ptrdiff_t *_Nonnull run_offsets;
  /// Panels, each runs * groups rows of INT8_PANEL groups; see `int8_pack`.
  const uint8_t *_Nonnull b;
  /// One number per column of each panel.
  const int32_t *_Nonnull start;
  size_t panels;
  /// Dense: rows of panels * INT8_PANEL.
  int32_t *_Nonnull c;
};

/// c[position][j] = start[j] + Σ a[position][tap][j]·filter[tap][j], wrapping, for whole panels of channels. The
/// values are in the form INT8_WORDS, and those behind the last channel may be anything.
struct int8_depthwise {
  struct int8_positions rows;
  size_t taps;
  const ptrdiff_t *_Nonnull tap_offsets;
  /// Rows of panels * INT8_PANEL weights, each an int16 in the low half.
  const uint32_t *_Nonnull filter;
  const int32_t *_Nonnull start;
  size_t panels;
  int32_t *_Nonnull c;
};

/// A positive real factor: multiplier / 2^31 * 2^shift, shift within -31 ... 30.
///
/// Applying it rounds twice, as TFLM does: x * 2^max(shift, 0), wrapping; times multiplier / 2^31, ties upwards; over
/// 2^max(-shift, 0), ties away from zero.
struct int8_factor {
  int32_t multiplier, shift;
};

/// y[row][j] = clamp(factor[j] applied to x[row][j], plus the zero point).
struct int8_requantization {
  const int32_t *_Nonnull x;
  size_t rows, columns;
  /// Numbers from a row to the next; a multiple of INT8_PANEL, so that whole panels can be read.
  size_t x_stride;
  int8_t *_Nonnull y;
  size_t y_stride;
  /// For whole panels.
  const int32_t *_Nonnull multipliers, *_Nonnull shifts;
  int32_t zero_point, low, high;
};

/// The sum or difference of two tensors: both are brought to a common finer scale, added, and rescaled.
struct int8_sum {
  int32_t a_zero_point, b_zero_point;
  /// Bits that the values move up before their factors are applied; both shifts are at most 0.
  int32_t headroom;
  struct int8_factor a_factor, b_factor;
  bool subtracts;
  struct int8_factor factor;
  int32_t zero_point, low, high;
};

/// y = clamp(factor applied to (a - a_zero_point)·(b - b_zero_point), plus the zero point).
struct int8_scaled_product {
  int32_t a_zero_point, b_zero_point;
  struct int8_factor factor;
  int32_t zero_point, low, high;
};

/// Pooling of one sample, channels last. Only the taps inside the image count.
struct int8_pooling {
  ptrdiff_t channels;
  /// Height and width.
  ptrdiff_t input[2], output[2], kernel[2], stride[2], pad[2];
  int32_t low, high;
};

/// y = clamp(x / scale, rounded with halves away from zero, plus the zero point); a NaN becomes the lower bound.
struct int8_quantization {
  float scale;
  int32_t zero_point, low, high;
};

struct int8_kernels {
  enum int8_form form;
  void (*_Nonnull multiply)(const struct int8_product *_Nonnull block);
  void (*_Nonnull filter)(const struct int8_depthwise *_Nonnull block);
  void (*_Nonnull requantize)(const struct int8_requantization *_Nonnull work);
  /// Brings dense values into a form.
  void (*_Nonnull convert)(enum int8_form form, const int8_t *_Nonnull x, size_t n, int32_t zero_point,
                           void *_Nonnull y);
  /// b has n elements, or one if b_is_scalar.
  void (*_Nonnull add)(const struct int8_sum *_Nonnull sum, const int8_t *_Nonnull a, const int8_t *_Nonnull b,
                       bool b_is_scalar, int8_t *_Nonnull y, size_t n);
  void (*_Nonnull scale_product)(const struct int8_scaled_product *_Nonnull product, const int8_t *_Nonnull a,
                                 const int8_t *_Nonnull b, bool b_is_scalar, int8_t *_Nonnull y, size_t n);
  void (*_Nonnull pool_max)(const struct int8_pooling *_Nonnull pooling, const int8_t *_Nonnull x,
                            int8_t *_Nonnull y);
  /// The mean rounded with ties away from zero. `sums` is room for one number per channel.
  void (*_Nonnull pool_mean)(const struct int8_pooling *_Nonnull pooling, const int8_t *_Nonnull x,
                             int8_t *_Nonnull y, int32_t *_Nonnull sums);
  void (*_Nonnull quantize)(const struct int8_quantization *_Nonnull grid, const float *_Nonnull x,
                            int8_t *_Nonnull y, size_t n);
  /// y[i] = table[x[i] + 128]
  void (*_Nonnull look_up)(const int8_t *_Nonnull table, const int8_t *_Nonnull x, int8_t *_Nonnull y, size_t n);
  /// Runs `count` rounds of independent products of groups; returns how many multiply-adds that was.
  double (*_Nonnull exercise)(size_t count);
};

/// Bytes of a value in the working copy.
size_t int8_form_width(enum int8_form form);

/// Groups that hold `depth` values.
size_t int8_form_groups(enum int8_form form, size_t depth);

/// One panel of the weights of `columns` outputs (at most INT8_PANEL; the rest becomes 0): column j holds `runs`
/// dense pieces of `depth` weights from weights + j * column_stride on, piece r at r * run_stride.
void int8_pack(enum int8_form form, const int8_t *_Nonnull weights, size_t columns, size_t runs, size_t depth,
               size_t column_stride, size_t run_stride, uint8_t *_Nonnull panel);

/// The working copy of one sample: `lines` lines of `columns` pixels, of which line y and column x show the input's
/// pixel (y - pad_y, x - pad_x), and the zero point where there is none.
struct int8_frame {
  const int8_t *_Nonnull input;
  ptrdiff_t height, width, channels;
  ptrdiff_t lines, columns, pad_y, pad_x;
  /// Each channel comes so many times in a row.
  ptrdiff_t repeats;
  int32_t zero_point;
  enum int8_form form;
};

void int8_fill_frame(const struct int8_kernels *_Nonnull kernels, const struct int8_frame *_Nonnull frame,
                     uint8_t *_Nonnull target);

#endif
