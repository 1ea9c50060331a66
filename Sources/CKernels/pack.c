#include "pack.h"

#include <string.h>

#include "gemm.h"

void pack_panel(const float *source, size_t inner, size_t width, size_t row_stride, size_t column_stride,
                float *panel) {
  if (width < GEMM_PANEL) memset(panel, 0, inner * GEMM_PANEL * sizeof(float));
  if (column_stride == 1) {
    for (size_t k = 0; k < inner; k++) memcpy(panel + k * GEMM_PANEL, source + k * row_stride, width * sizeof(float));
    return;
  }
  // Short stretches of all columns at a time, so that the lines read stay cached.
  for (size_t first = 0; first < inner; first += GEMM_PANEL) {
    const size_t end = first + GEMM_PANEL < inner ? first + GEMM_PANEL : inner;
    for (size_t j = 0; j < width; j++) {
      for (size_t k = first; k < end; k++) {
        panel[k * GEMM_PANEL + j] = source[k * row_stride + j * column_stride];
      }
    }
  }
}

void pad_lines(const float *source, size_t lines, size_t length, size_t before, size_t after, float *target) {
  for (size_t line = 0; line < lines; line++) {
    memset(target, 0, before * sizeof(float));
    memcpy(target + before, source, length * sizeof(float));
    memset(target + before + length, 0, after * sizeof(float));
    source += length;
    target += before + length + after;
  }
}

void repeat_each(const float *source, size_t count, size_t times, float *target) {
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; j < times; j++) target[i * times + j] = source[i];
  }
}

void transpose_matrix(const float *source, size_t rows, size_t columns, float *target) {
  enum { block = 16 };
  for (size_t first_row = 0; first_row < rows; first_row += block) {
    const size_t end_row = first_row + block < rows ? first_row + block : rows;
    for (size_t j = 0; j < columns; j++) {
      for (size_t i = first_row; i < end_row; i++) target[j * rows + i] = source[i * columns + j];
    }
  }
}

void fill_pointers(const float *base, size_t count, size_t stride, const float **pointers) {
  for (size_t i = 0; i < count; i++) pointers[i] = base + i * stride;
}
