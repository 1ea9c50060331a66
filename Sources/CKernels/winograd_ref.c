#include "winograd.h"

#include "gemm.h"
#include "scalar.h"

static float pixel(const struct winograd_patches *patches, ptrdiff_t y, ptrdiff_t x, size_t channel) {
  if (y < 0 || y >= patches->height || x < 0 || x >= patches->width) return 0;
  return patches->input[(y * patches->width + x) * (ptrdiff_t)patches->channels + (ptrdiff_t)channel];
}

/// Bᵀ on four values that are `stride` apart.
static void combine_inputs(float *d, size_t stride) {
  const float d0 = d[0], d1 = d[stride], d2 = d[2 * stride], d3 = d[3 * stride];
  d[0] = d0 - d2;
  d[stride] = d1 + d2;
  d[2 * stride] = d2 - d1;
  d[3 * stride] = d1 - d3;
}

static bool transform_ref(const struct winograd_patches *patches) {
  float check = 0;
  for (size_t i = 0; i < patches->count; i++) {
    for (size_t channel = 0; channel < patches->channels; channel++) {
      float d[16];
      for (int t = 0; t < 16; t++) {
        d[t] = pixel(patches, patches->y + t / 4, patches->x + 2 * (ptrdiff_t)i + t % 4, channel);
      }
      for (int column = 0; column < 4; column++) combine_inputs(d + column, 4);
      for (int t = 0; t < 16; t++) check += d[t] * 0;
      for (int row = 0; row < 4; row++) combine_inputs(d + 4 * row, 1);
      float *values = patches->values + channel / GEMM_CHUNK * patches->chunk_stride + channel % GEMM_CHUNK;
      for (int t = 0; t < 16; t++) values[t * patches->tap_stride + i * GEMM_CHUNK] = d[t];
    }
  }
  return check == 0;
}

static void finish_ref(const struct winograd_outputs *outputs) {
  const size_t channels = outputs->channels;
  for (size_t i = 0; i < outputs->count; i++) {
    for (size_t channel = 0; channel < channels; channel++) {
      float m[16], half[2][4];
      for (int t = 0; t < 16; t++) m[t] = outputs->sums[t * outputs->tap_stride + i * channels + channel];
      for (int column = 0; column < 4; column++) {
        half[0][column] = (m[column] + m[4 + column]) + m[8 + column];
        half[1][column] = (m[4 + column] - m[8 + column]) - m[12 + column];
      }
      for (size_t y = 0; y < 2 && y < outputs->lines; y++) {
        const float sums[2] = {(half[y][0] + half[y][1]) + half[y][2], (half[y][1] - half[y][2]) - half[y][3]};
        for (size_t x = 0; x < 2 && 2 * i + x < outputs->columns; x++) {
          const size_t offset = y * outputs->line + (2 * i + x) * channels + channel;
          float sum = sums[x];
          if (outputs->addend) sum += outputs->addend[offset];
          outputs->output[offset] = scalar_clamp(sum, outputs->low, outputs->high);
        }
      }
    }
  }
}

const struct winograd_kernels winograd_kernels_ref = {transform_ref, finish_ref};

#include "vector_end.h"
