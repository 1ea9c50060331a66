// Depthwise convolution over a vector type; the including file opened a `vector_*.h`.
#include "depthwise.h"

#define INLINE static inline __attribute__((always_inline))

INLINE vector load_some(const float *p, size_t count) {
  return count == VECTOR_WIDTH ? vector_load(p) : vector_load_first(p, count);
}

/// Adds the addend, clamps and stores one vector of channels of `positions` (a literal) positions.
INLINE void finish(const struct depthwise_run *run, const vector *sums, size_t position, size_t channel,
                   const int positions, size_t count) {
  const vector low = vector_broadcast(run->low), high = vector_broadcast(run->high);
#pragma clang loop unroll(full)
  for (int p = 0; p < positions; p++) {
    const size_t place = (position + p) * run->channels + channel;
    vector sum = sums[p];
    if (run->addend) sum = vector_add(sum, load_some(run->addend + place, count));
    sum = vector_clamp(sum, low, high);
    if (count == VECTOR_WIDTH) {
      vector_store(run->output + place, sum);
    } else {
      vector_store_first(run->output + place, sum, count);
    }
  }
}

INLINE void start(const struct depthwise_run *run, vector *sums, size_t channel, const int positions) {
  const vector bias = run->bias ? vector_load(run->bias + channel) : vector_zero();
#pragma clang loop unroll(full)
  for (int p = 0; p < positions; p++) sums[p] = bias;
}

enum { group = 4 };

/// Lines of three dense taps, positions `stride` (1 or 2) pixels apart: pixels that neighbors share are read once.
INLINE void lines_of_three(const struct depthwise_run *run, size_t position, size_t channel, const int positions,
                           const int stride, size_t count) {
  vector sums[group];
  start(run, sums, channel, positions);
  const float *filter = run->filter + channel;
  const int pixels = (positions - 1) * stride + 3;
  for (size_t line = 0; line < run->lines; line++, filter += 3 * run->filter_stride) {
    const float *p = run->input[line] + position * run->position_step + channel;
    const vector f0 = vector_load(filter), f1 = vector_load(filter + run->filter_stride);
    const vector f2 = vector_load(filter + 2 * run->filter_stride);
    vector in[(group - 1) * 2 + 3];
#pragma clang loop unroll(full)
    for (int i = 0; i < pixels; i++) in[i] = load_some(p + i * run->column_step, count);
#pragma clang loop unroll(full)
    for (int i = 0; i < positions; i++) {
      sums[i] = vector_fma(in[i * stride], f0, sums[i]);
      sums[i] = vector_fma(in[i * stride + 1], f1, sums[i]);
      sums[i] = vector_fma(in[i * stride + 2], f2, sums[i]);
    }
  }
  finish(run, sums, position, channel, positions, count);
}

INLINE void lines_of_any(const struct depthwise_run *run, size_t position, size_t channel, const int positions,
                         size_t count) {
  vector sums[group];
  start(run, sums, channel, positions);
  const float *filter = run->filter + channel;
  for (size_t line = 0; line < run->lines; line++) {
    const float *p = run->input[line] + position * run->position_step + channel;
    for (size_t column = 0; column < run->columns; column++) {
      const vector f = vector_load(filter);
#pragma clang loop unroll(full)
      for (int i = 0; i < positions; i++) {
        sums[i] = vector_fma(load_some(p + i * run->position_step, count), f, sums[i]);
      }
      filter += run->filter_stride;
      p += run->column_step;
    }
  }
  finish(run, sums, position, channel, positions, count);
}

INLINE void pixels_of_any(const struct depthwise_run *run, size_t position, size_t channel, size_t count) {
  vector sums[group];
  start(run, sums, channel, 1);
  const float *filter = run->filter + channel;
  const size_t taps = run->lines * run->columns;
  for (size_t tap = 0; tap < taps; tap++, filter += run->filter_stride) {
    const float *p = run->input[tap * run->input_stride + position] + channel;
    sums[0] = vector_fma(load_some(p, count), vector_load(filter), sums[0]);
  }
  finish(run, sums, position, channel, 1, count);
}

/// All channels of some positions by one of the above.
#define FOR_CHANNELS(call)                                                       \
  do {                                                                           \
    size_t channel = 0, count = VECTOR_WIDTH;                                    \
    for (; channel + VECTOR_WIDTH <= run->channels; channel += VECTOR_WIDTH) {   \
      call;                                                                      \
    }                                                                            \
    if (channel < run->channels) {                                               \
      count = run->channels - channel;                                           \
      call;                                                                      \
    }                                                                            \
  } while (0)

static void KERNEL(filter_lines)(const struct depthwise_run *run) {
  const bool three = run->columns == 3;
  const bool near = three && run->position_step == run->column_step;
  const bool apart = three && run->position_step == 2 * run->column_step;
  size_t position = 0;
  for (; position + group <= run->positions; position += group) {
    if (near) {
      FOR_CHANNELS(lines_of_three(run, position, channel, group, 1, count));
    } else if (apart) {
      FOR_CHANNELS(lines_of_three(run, position, channel, group, 2, count));
    } else {
      FOR_CHANNELS(lines_of_any(run, position, channel, group, count));
    }
  }
  for (; position < run->positions; position++) {
    FOR_CHANNELS(lines_of_any(run, position, channel, 1, count));
  }
}

static void KERNEL(filter_pixels)(const struct depthwise_run *run) {
  for (size_t position = 0; position < run->positions; position++) {
    FOR_CHANNELS(pixels_of_any(run, position, channel, count));
  }
}

const struct depthwise_kernels KERNEL(depthwise_kernels) = {KERNEL(filter_lines), KERNEL(filter_pixels)};
