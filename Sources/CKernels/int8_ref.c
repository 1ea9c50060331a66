#include "int8.h"

#include <string.h>

#define KERNEL(name) name##_ref
#include "int8_pool.h"

static int32_t wrapping_add(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }

static void int8_multiply_ref(const struct int8_product *block) {
  int32_t *c = block->c;
  for (size_t line = 0; line < block->rows.lines; line++) {
    for (size_t i = 0; i < block->rows.positions; i++, c += block->panels * INT8_PANEL) {
      const uint8_t *a = block->rows.a + (ptrdiff_t)line * block->rows.line_step + (ptrdiff_t)i * block->rows.position_step;
      const uint8_t *b = block->b;
      for (size_t panel = 0; panel < block->panels; panel++) {
        int32_t *sums = c + panel * INT8_PANEL;
        memcpy(sums, block->start + panel * INT8_PANEL, INT8_PANEL * sizeof *sums);
        for (size_t run = 0; run < block->runs; run++) {
          for (size_t group = 0; group < block->groups; group++, b += INT8_PANEL * INT8_GROUP) {
            int16_t values[2], weights[2 * INT8_PANEL];
            memcpy(values, a + block->run_offsets[run] + (ptrdiff_t)(group * INT8_GROUP), sizeof values);
            memcpy(weights, b, sizeof weights);
            for (size_t j = 0; j < INT8_PANEL; j++) {
              const int32_t products = values[0] * weights[2 * j] + values[1] * weights[2 * j + 1];
              sums[j] = wrapping_add(sums[j], products);
            }
          }
        }
      }
    }
  }
}

static void int8_filter_ref(const struct int8_depthwise *block) {
  int32_t *c = block->c;
  const size_t channels = block->panels * INT8_PANEL;
  for (size_t line = 0; line < block->rows.lines; line++) {
    for (size_t i = 0; i < block->rows.positions; i++, c += channels) {
      const uint8_t *a = block->rows.a + (ptrdiff_t)line * block->rows.line_step + (ptrdiff_t)i * block->rows.position_step;
      memcpy(c, block->start, channels * sizeof *c);
      for (size_t tap = 0; tap < block->taps; tap++) {
        for (size_t j = 0; j < channels; j++) {
          int16_t value;
          memcpy(&value, a + block->tap_offsets[tap] + (ptrdiff_t)(j * sizeof value), sizeof value);
          c[j] = wrapping_add(c[j], value * (int16_t)block->filter[tap * channels + j]);
        }
      }
    }
  }
}

static void int8_requantize_ref(const struct int8_requantization *work) {
  for (size_t row = 0; row < work->rows; row++) {
    for (size_t j = 0; j < work->columns; j++) {
      const struct int8_factor factor = {work->multipliers[j], work->shifts[j]};
      const int32_t scaled = int8_apply(work->x[row * work->x_stride + j], factor);
      work->y[row * work->y_stride + j] = int8_finish(scaled, work->zero_point, work->low, work->high);
    }
  }
}

static void int8_add_ref(const struct int8_sum *sum, const int8_t *a, const int8_t *b, bool b_is_scalar, int8_t *y,
                         size_t n) {
  for (size_t i = 0; i < n; i++) {
    const int32_t left = (a[i] - sum->a_zero_point) * (1 << sum->headroom);
    const int32_t right = (b[b_is_scalar ? 0 : i] - sum->b_zero_point) * (1 << sum->headroom);
    const int32_t x = int8_apply(left, sum->a_factor), z = int8_apply(right, sum->b_factor);
    const int32_t total = sum->subtracts ? x - z : x + z;
    y[i] = int8_finish(int8_apply(total, sum->factor), sum->zero_point, sum->low, sum->high);
  }
}

static void int8_scale_product_ref(const struct int8_scaled_product *product, const int8_t *a, const int8_t *b,
                                   bool b_is_scalar, int8_t *y, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const int32_t x = (a[i] - product->a_zero_point) * (b[b_is_scalar ? 0 : i] - product->b_zero_point);
    y[i] = int8_finish(int8_apply(x, product->factor), product->zero_point, product->low, product->high);
  }
}

static double int8_exercise_ref(size_t count) {
  uint32_t sums[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  for (size_t round = 0; round < count; round++) {
    for (int i = 0; i < 8; i++) {
      sums[i] += sums[i] * 3;
      __asm__ volatile("" : "+r"(sums[i]));
    }
  }
  return (double)count * 8;
}

const struct int8_kernels int8_kernels_ref = {
    .form = INT8_WORDS,
    .multiply = int8_multiply_ref,
    .filter = int8_filter_ref,
    .requantize = int8_requantize_ref,
    .convert = int8_convert_ref,
    .add = int8_add_ref,
    .scale_product = int8_scale_product_ref,
    .pool_max = int8_pool_max_ref,
    .pool_mean = int8_pool_mean_ref,
    .quantize = int8_quantize_ref,
    .look_up = int8_look_up_ref,
    .exercise = int8_exercise_ref,
};
