// Conversion, rounding, pooling and look-up: plain loops that the compiler turns into those of the instruction set. The
// including file defined KERNEL.
#include "int8_scalar.h"

static void KERNEL(int8_convert)(enum int8_form form, const int8_t *x, size_t n, int32_t zero_point, void *y) {
  switch (form) {
    case INT8_WORDS: {
      const int16_t zero = (int16_t)zero_point;
      int16_t *words = y;
      for (size_t i = 0; i < n; i++) words[i] = (int16_t)(x[i] - zero);
      break;
    }
    case INT8_UNSIGNED: {
      uint8_t *bytes = y;
      for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)x[i] ^ 0x80;
      break;
    }
    case INT8_SIGNED: memcpy(y, x, n);
  }
}

/// The taps of one output position that are inside the image.
struct int8_window {
  ptrdiff_t first_y, end_y, first_x, end_x;
};

static inline struct int8_window int8_window_at(const struct int8_pooling *pooling, ptrdiff_t y, ptrdiff_t x) {
  const ptrdiff_t top = y * pooling->stride[0] - pooling->pad[0], left = x * pooling->stride[1] - pooling->pad[1];
  const ptrdiff_t bottom = top + pooling->kernel[0], right = left + pooling->kernel[1];
  struct int8_window window;
  window.first_y = top > 0 ? top : 0;
  window.first_x = left > 0 ? left : 0;
  window.end_y = bottom < pooling->input[0] ? bottom : pooling->input[0];
  window.end_x = right < pooling->input[1] ? right : pooling->input[1];
  return window;
}

static void KERNEL(int8_pool_max)(const struct int8_pooling *pooling, const int8_t *x, int8_t *restrict y) {
  const ptrdiff_t channels = pooling->channels;
  const int8_t low = (int8_t)pooling->low, high = (int8_t)pooling->high;
  for (ptrdiff_t oy = 0; oy < pooling->output[0]; oy++) {
    for (ptrdiff_t ox = 0; ox < pooling->output[1]; ox++, y += channels) {
      const struct int8_window window = int8_window_at(pooling, oy, ox);
      memset(y, low, (size_t)channels);
      for (ptrdiff_t iy = window.first_y; iy < window.end_y; iy++) {
        for (ptrdiff_t ix = window.first_x; ix < window.end_x; ix++) {
          const int8_t *pixel = x + (iy * pooling->input[1] + ix) * channels;
          for (ptrdiff_t c = 0; c < channels; c++) y[c] = pixel[c] > y[c] ? pixel[c] : y[c];
        }
      }
      for (ptrdiff_t c = 0; c < channels; c++) y[c] = y[c] > high ? high : y[c];
    }
  }
}

static void KERNEL(int8_pool_mean)(const struct int8_pooling *pooling, const int8_t *x, int8_t *restrict y,
                                   int32_t *restrict sums) {
  const ptrdiff_t channels = pooling->channels;
  for (ptrdiff_t oy = 0; oy < pooling->output[0]; oy++) {
    for (ptrdiff_t ox = 0; ox < pooling->output[1]; ox++, y += channels) {
      const struct int8_window window = int8_window_at(pooling, oy, ox);
      memset(sums, 0, (size_t)channels * sizeof *sums);
      for (ptrdiff_t iy = window.first_y; iy < window.end_y; iy++) {
        for (ptrdiff_t ix = window.first_x; ix < window.end_x; ix++) {
          const int8_t *pixel = x + (iy * pooling->input[1] + ix) * channels;
          for (ptrdiff_t c = 0; c < channels; c++) sums[c] += pixel[c];
        }
      }
      const ptrdiff_t lines = window.end_y - window.first_y, columns = window.end_x - window.first_x;
      const int32_t taps = lines > 0 && columns > 0 ? (int32_t)(lines * columns) : 1;
      for (ptrdiff_t c = 0; c < channels; c++) {
        const int32_t mean = (sums[c] > 0 ? sums[c] + taps / 2 : sums[c] - taps / 2) / taps;
        y[c] = int8_finish(mean, 0, pooling->low, pooling->high);
      }
    }
  }
}

static void KERNEL(int8_quantize)(const struct int8_quantization *grid, const float *x, int8_t *y, size_t n) {
  const float scale = grid->scale;
  // The bounds are whole numbers, so it is the same to clamp first.
  const float low = (float)(grid->low - grid->zero_point), high = (float)(grid->high - grid->zero_point);
  const int32_t zero_point = grid->zero_point;
  for (size_t i = 0; i < n; i++) {
    float steps = x[i] / scale;
    steps = steps > high ? high : steps;
    steps = steps > low ? steps : low;
    const int32_t whole = (int32_t)steps;
    const float rest = steps - (float)whole;
    y[i] = (int8_t)(whole + (rest >= 0.5f) - (rest <= -0.5f) + zero_point);
  }
}

static void KERNEL(int8_look_up)(const int8_t *table, const int8_t *x, int8_t *y, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = table[(uint8_t)x[i] ^ 0x80];
}
