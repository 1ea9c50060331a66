#include <string.h>

#include "int8.h"

size_t int8_form_width(enum int8_form form) { return form == INT8_WORDS ? 2 : 1; }

size_t int8_form_groups(enum int8_form form, size_t depth) {
  const size_t values = INT8_GROUP / int8_form_width(form);
  return (depth + values - 1) / values;
}

void int8_pack(enum int8_form form, const int8_t *weights, size_t columns, size_t runs, size_t depth,
               size_t column_stride, size_t run_stride, uint8_t *panel) {
  const size_t width = int8_form_width(form), values = INT8_GROUP / width;
  const size_t groups = int8_form_groups(form, depth);
  const size_t row = INT8_PANEL * INT8_GROUP;
  memset(panel, 0, runs * groups * row);
  for (size_t j = 0; j < columns; j++) {
    for (size_t r = 0; r < runs; r++) {
      const int8_t *run = weights + j * column_stride + r * run_stride;
      uint8_t *target = panel + r * groups * row + j * INT8_GROUP;
      for (size_t k = 0; k < depth; k++) {
        uint8_t *place = target + k / values * row + k % values * width;
        if (width == 1) {
          *place = (uint8_t)run[k];
        } else {
          const int16_t weight = run[k];
          memcpy(place, &weight, sizeof weight);
        }
      }
    }
  }
}

/// The zero point of one pixel or more.
static void fill_pad(const struct int8_frame *frame, ptrdiff_t values, uint8_t *target) {
  const int byte = frame->form == INT8_WORDS ? 0 : frame->zero_point + (frame->form == INT8_UNSIGNED ? 128 : 0);
  if (values > 0) memset(target, byte, (size_t)values * int8_form_width(frame->form));
}

/// Pixels whose channels come several times; in place of `convert`.
static void convert_repeated(const struct int8_kernels *kernels, const struct int8_frame *frame, const int8_t *x,
                             ptrdiff_t values, uint8_t *target) {
  const size_t width = int8_form_width(frame->form);
  for (ptrdiff_t i = 0; i < values; i++) {
    kernels->convert(frame->form, x + i, 1, frame->zero_point, target);
    for (ptrdiff_t copy = 1; copy < frame->repeats; copy++) memcpy(target + copy * width, target, width);
    target += frame->repeats * width;
  }
}

void int8_fill_frame(const struct int8_kernels *kernels, const struct int8_frame *frame, uint8_t *target) {
  const ptrdiff_t channels = frame->channels, width = (ptrdiff_t)int8_form_width(frame->form);
  const ptrdiff_t pixel = channels * frame->repeats;
  const bool is_dense = frame->pad_y == 0 && frame->pad_x == 0 && frame->columns == frame->width &&
                        frame->lines <= frame->height && frame->repeats == 1;
  if (is_dense) {
    const size_t count = (size_t)(frame->lines * frame->columns * channels);
    kernels->convert(frame->form, frame->input, count, frame->zero_point, target);
    return;
  }
  const ptrdiff_t before = frame->pad_x < frame->columns ? frame->pad_x : frame->columns;
  const ptrdiff_t room = frame->columns - before;
  const ptrdiff_t shown = frame->width < room ? frame->width : room;
  for (ptrdiff_t line = 0; line < frame->lines; line++) {
    const ptrdiff_t y = line - frame->pad_y;
    if (y < 0 || y >= frame->height) {
      fill_pad(frame, frame->columns * pixel, target);
    } else {
      const int8_t *x = frame->input + y * frame->width * channels;
      uint8_t *start = target + before * pixel * width;
      fill_pad(frame, before * pixel, target);
      if (frame->repeats == 1) {
        kernels->convert(frame->form, x, (size_t)(shown * channels), frame->zero_point, start);
      } else {
        convert_repeated(kernels, frame, x, shown * channels, start);
      }
      fill_pad(frame, (room - shown) * pixel, start + shown * pixel * width);
    }
    target += frame->columns * pixel * width;
  }
}
