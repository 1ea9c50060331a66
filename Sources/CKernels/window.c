#include "window.h"

struct range {
  ptrdiff_t first, end;
};

/// The positions i in 0 ..< count for which start + i * stride is inside 0 ..< extent.
static struct range inside(ptrdiff_t start, ptrdiff_t stride, ptrdiff_t extent, ptrdiff_t count) {
  struct range range;
  range.first = start >= 0 ? 0 : (-start + stride - 1) / stride;
  range.end = start >= extent ? 0 : (extent - start + stride - 1) / stride;
  if (range.end > count) range.end = count;
  if (range.first > range.end) range.first = range.end;
  return range;
}

/// One tap of a run of positions along the last axis.
static void fill_run(const struct window *window, const float *line, const float *zeros, ptrdiff_t start,
                     ptrdiff_t count, const float **pointers) {
  const struct range valid = inside(start, window->stride[2], window->input[2], count);
  const ptrdiff_t advance = window->stride[2] * window->step[2];
  for (ptrdiff_t i = 0; i < valid.first; i++) pointers[i] = zeros;
  const float *pixel = line + (start + valid.first * window->stride[2]) * window->step[2];
  for (ptrdiff_t i = valid.first; i < valid.end; i++, pixel += advance) pointers[i] = pixel;
  for (ptrdiff_t i = valid.end; i < count; i++) pointers[i] = zeros;
}

void window_pixels(const struct window *window, const float *input, const float *zeros, size_t first, size_t count,
                   const float **pointers) {
  const ptrdiff_t *output = window->output, *kernel = window->kernel;
  ptrdiff_t position = (ptrdiff_t)first;
  ptrdiff_t x = position % output[2];
  position /= output[2];
  ptrdiff_t y = position % output[1];
  position /= output[1];
  ptrdiff_t z = position % output[0];
  const float *sample = input + position / output[0] * window->sample;
  for (ptrdiff_t done = 0; done < (ptrdiff_t)count;) {
    ptrdiff_t run = output[2] - x;
    if (run > (ptrdiff_t)count - done) run = (ptrdiff_t)count - done;
    const float **row = pointers + done;
    for (ptrdiff_t kz = 0; kz < kernel[0]; kz++) {
      const ptrdiff_t input_z = z * window->stride[0] + kz * window->dilation[0] - window->pad[0];
      for (ptrdiff_t ky = 0; ky < kernel[1]; ky++) {
        const ptrdiff_t input_y = y * window->stride[1] + ky * window->dilation[1] - window->pad[1];
        if (input_z < 0 || input_z >= window->input[0] || input_y < 0 || input_y >= window->input[1]) {
          for (ptrdiff_t kx = 0; kx < kernel[2]; kx++, row += count) {
            for (ptrdiff_t i = 0; i < run; i++) row[i] = zeros;
          }
          continue;
        }
        const float *line = sample + input_z * window->step[0] + input_y * window->step[1];
        for (ptrdiff_t kx = 0; kx < kernel[2]; kx++, row += count) {
          const ptrdiff_t start = x * window->stride[2] + kx * window->dilation[2] - window->pad[2];
          fill_run(window, line, zeros, start, run, row);
        }
      }
    }
    done += run;
    x = 0;
    if (++y == output[1]) {
      y = 0;
      if (++z == output[0]) {
        z = 0;
        sample += window->sample;
      }
    }
  }
}
