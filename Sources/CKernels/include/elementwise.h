// Element-wise functions, reductions, softmax, normalization, pooling and transposes.
//
// One source is compiled once per instruction set. All arithmetic is IEEE in one written-down order, so every set
// returns the same bits (only the payload and sign of a NaN are left open).
#ifndef CKERNELS_ELEMENTWISE_H
#define CKERNELS_ELEMENTWISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum unary_function {
  UNARY_ABS, UNARY_NEG, UNARY_SIGN, UNARY_RECIPROCAL, UNARY_SQRT, UNARY_RSQRT, UNARY_SQUARE,
  UNARY_FLOOR, UNARY_CEIL, UNARY_ROUND, UNARY_TRUNC,
  UNARY_EXP, UNARY_LOG, UNARY_SIN, UNARY_COS, UNARY_TAN, UNARY_ASIN, UNARY_ACOS, UNARY_ATAN,
  UNARY_SINH, UNARY_COSH, UNARY_TANH, UNARY_ASINH, UNARY_ACOSH, UNARY_ATANH, UNARY_ERF,
  UNARY_SIGMOID, UNARY_SOFTPLUS, UNARY_RELU,
  UNARY_CLIP,          // low, high
  UNARY_LEAKY_RELU,    // alpha
  UNARY_ELU,           // alpha
  UNARY_CELU,          // alpha
  UNARY_SELU,          // alpha, gamma
  UNARY_HARD_SIGMOID,  // alpha, beta
  UNARY_HARD_SWISH, UNARY_SOFTSIGN, UNARY_MISH, UNARY_GELU_ERF, UNARY_GELU_TANH,
  UNARY_SWISH,             // alpha
  UNARY_THRESHOLDED_RELU,  // alpha
  UNARY_SHRINK,            // lambda, bias
  UNARY_AFFINE,            // scale, offset: fma(x, scale, offset)
};

enum binary_function {
  BINARY_ADD, BINARY_SUB, BINARY_MUL, BINARY_DIV, BINARY_POW, BINARY_MOD, BINARY_FMOD, BINARY_MAX, BINARY_MIN,
  BINARY_PRELU,
};

enum compare_function {
  COMPARE_EQUAL, COMPARE_NOT_EQUAL, COMPARE_LESS, COMPARE_LESS_EQUAL, COMPARE_GREATER, COMPARE_GREATER_EQUAL,
};

/// How the two operands of a binary kernel advance.
enum operand_form { VECTOR_VECTOR, VECTOR_SCALAR, SCALAR_VECTOR };

enum reduce_function { REDUCE_SUM, REDUCE_MAX, REDUCE_MIN, REDUCE_PRODUCT, REDUCE_L1, REDUCE_SUM_SQUARE };

struct elementwise_kernels {
  /// y[i] = f(x[i]); y may be x.
  void (*_Nonnull unary)(enum unary_function kind, const float *_Nonnull x, float *_Nonnull y, size_t n,
                         float first, float second);
  /// y[i] = clamp(f(a[i], b[i])); y may be a or b.
  void (*_Nonnull binary)(enum binary_function kind, enum operand_form form, const float *_Nonnull a,
                          const float *_Nonnull b, float *_Nonnull y, size_t n, float low, float high);
  void (*_Nonnull compare)(enum compare_function kind, enum operand_form form, const float *_Nonnull a,
                           const float *_Nonnull b, uint8_t *_Nonnull y, size_t n);
  void (*_Nonnull is_nan)(const float *_Nonnull x, uint8_t *_Nonnull y, size_t n);
  void (*_Nonnull is_infinite)(const float *_Nonnull x, uint8_t *_Nonnull y, size_t n, bool positive, bool negative);

  /// One number from n: 32 lanes (element i goes to lane i mod 32, in order of i), then a halving tree of the lanes.
  float (*_Nonnull reduce)(enum reduce_function kind, const float *_Nonnull x, size_t n);
  /// y[i] = reduction over r < rows of x[r * stride + i]: blocks of 64 rows in order, added up in order.
  void (*_Nonnull reduce_rows)(enum reduce_function kind, const float *_Nonnull x, size_t rows, size_t stride,
                               float *_Nonnull y, size_t n);

  /// One row: exp(x - max) / sum, or x - max - log(sum). y may be x.
  void (*_Nonnull softmax)(const float *_Nonnull x, float *_Nonnull y, size_t n, bool logarithm);
  /// n independent columns with `rows` elements each at distance `stride`. y may be x.
  void (*_Nonnull softmax_rows)(const float *_Nonnull x, float *_Nonnull y, size_t rows, size_t stride, size_t n,
                                bool logarithm);
  /// log(sum(exp(x))), stable.
  float (*_Nonnull log_sum_exp)(const float *_Nonnull x, size_t n);

  /// One row: (x - mean) / sqrt(variance + epsilon) * scale + bias. The statistics go where the pointers say.
  void (*_Nonnull layer_norm)(const float *_Nonnull x, const float *_Nullable scale, const float *_Nullable bias,
                              float epsilon, float *_Nonnull y, size_t n, float *_Nullable mean,
                              float *_Nullable inverse);
  /// One row: x / sqrt(mean(x^2) + epsilon) * scale + bias.
  void (*_Nonnull rms_norm)(const float *_Nonnull x, const float *_Nullable scale, const float *_Nullable bias,
                            float epsilon, float *_Nonnull y, size_t n, float *_Nullable inverse);
  /// sums[c] += x[r][c] over rows in order, in double.
  void (*_Nonnull column_sums)(const float *_Nonnull x, size_t rows, size_t stride, double *_Nonnull sums, size_t n);
  /// sums[c] += (x[r][c] - mean[c])^2 over rows in order, in double.
  void (*_Nonnull column_square_sums)(const float *_Nonnull x, size_t rows, size_t stride,
                                      const float *_Nonnull mean, double *_Nonnull sums, size_t n);
  /// y[r][c] = fma(x[r][c] - mean[c], scale[c], bias[c])
  void (*_Nonnull normalize_rows)(const float *_Nonnull x, size_t rows, size_t stride, const float *_Nonnull mean,
                                  const float *_Nonnull scale, const float *_Nonnull bias, float *_Nonnull y,
                                  size_t n);

  /// y[c] = max over taps, in order; NaN propagates.
  void (*_Nonnull pool_max)(const float *_Nonnull const *_Nonnull taps, size_t count, float *_Nonnull y, size_t n);
  /// As pool_max, and the number of the first tap that holds the maximum.
  void (*_Nonnull pool_max_index)(const float *_Nonnull const *_Nonnull taps, size_t count, float *_Nonnull y,
                                  int32_t *_Nonnull which, size_t n);
  /// y[c] = (sum over taps, in order) / divisor.
  void (*_Nonnull pool_mean)(const float *_Nonnull const *_Nonnull taps, size_t count, float divisor,
                             float *_Nonnull y, size_t n);
  /// y[c] = sum over taps of weights[t] * taps[t][c], fma in order, beginning with a product.
  void (*_Nonnull weighted_sum)(const float *_Nonnull const *_Nonnull taps, const float *_Nonnull weights,
                                size_t count, float *_Nonnull y, size_t n);

  /// y[c * y_stride + r] = x[r * x_stride + c] for elements of `width` bytes (1, 2, 4, 8); strides in elements.
  void (*_Nonnull transpose)(size_t width, const void *_Nonnull x, size_t x_stride, void *_Nonnull y,
                             size_t y_stride, size_t rows, size_t columns);

  /// The least and the greatest element (infinities the wrong way round for none), and the greatest of the bit patterns
  /// without their signs, which tells whether all are finite. NaN enters the bit pattern only.
  void (*_Nonnull extremes)(const float *_Nonnull x, size_t n, float *_Nonnull least, float *_Nonnull greatest,
                            uint32_t *_Nonnull magnitude);
  /// counts[floor(x[i] * factor) + offset] += 1 for all but zeros, whose number it returns. `factor` is a power of two
  /// for which every index lies in 0 ..< bins; counts has 8 more elements, which are zero before and after.
  size_t (*_Nonnull histogram)(const float *_Nonnull x, size_t n, float factor, int32_t offset,
                               uint32_t *_Nonnull counts, size_t bins);
  /// y[i] = scale * nearest integer in low ... high of x[i] / scale; y may be x. |low|, |high| < 2^22.
  void (*_Nonnull round_to_grid)(const float *_Nonnull x, float *_Nonnull y, size_t n, float scale, float low,
                                 float high);
  /// error += sum of (x[i] - y[i])^2 and signal += sum of x[i]^2, in double, in the order of `reduce`.
  void (*_Nonnull error_sums)(const float *_Nonnull x, const float *_Nonnull y, size_t n, double *_Nonnull error,
                              double *_Nonnull signal);
};

#endif
