#include "depthwise.h"

#include "scalar.h"

static const float *pixel_of_line(const struct depthwise_run *run, size_t tap, size_t position) {
  return run->input[tap / run->columns] + tap % run->columns * run->column_step + position * run->position_step;
}

static const float *pixel_of_tap(const struct depthwise_run *run, size_t tap, size_t position) {
  return run->input[tap * run->input_stride + position];
}

typedef const float *pixel_function(const struct depthwise_run *, size_t tap, size_t position);

static void filter(const struct depthwise_run *run, pixel_function *pixel) {
  for (size_t position = 0; position < run->positions; position++) {
    for (size_t channel = 0; channel < run->channels; channel++) {
      float sum = run->bias ? run->bias[channel] : 0;
      for (size_t tap = 0; tap < run->lines * run->columns; tap++) {
        sum = scalar_fma(pixel(run, tap, position)[channel], run->filter[tap * run->filter_stride + channel], sum);
      }
      const size_t place = position * run->channels + channel;
      if (run->addend) sum += run->addend[place];
      run->output[place] = scalar_clamp(sum, run->low, run->high);
    }
  }
}

static void filter_lines_ref(const struct depthwise_run *run) { filter(run, pixel_of_line); }

static void filter_pixels_ref(const struct depthwise_run *run) { filter(run, pixel_of_tap); }

const struct depthwise_kernels depthwise_kernels_ref = {filter_lines_ref, filter_pixels_ref};

#include "vector_end.h"
