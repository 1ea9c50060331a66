// Winograd's transforms over a vector type; the including file opened a `vector_*.h`.
#include "winograd.h"

#define INLINE static inline __attribute__((always_inline))

INLINE vector load_some(const float *p, size_t count) {
  return count == VECTOR_WIDTH ? vector_load(p) : vector_load_first(p, count);
}

INLINE void store_some(float *p, vector v, size_t count) {
  if (count == VECTOR_WIDTH) {
    vector_store(p, v);
  } else {
    vector_store_first(p, v, count);
  }
}

/// One vector of channels of a patch: column by column along the lines, then line by line along the columns.
INLINE void transform_channels(const float *const *lines, size_t step, size_t count, float *values,
                               size_t tap_stride) {
  vector t[4][4];
#pragma clang loop unroll(full)
  for (int x = 0; x < 4; x++) {
    const vector d0 = load_some(lines[0] + x * step, count), d1 = load_some(lines[1] + x * step, count);
    const vector d2 = load_some(lines[2] + x * step, count), d3 = load_some(lines[3] + x * step, count);
    t[0][x] = vector_subtract(d0, d2);
    t[1][x] = vector_add(d1, d2);
    t[2][x] = vector_subtract(d2, d1);
    t[3][x] = vector_subtract(d1, d3);
  }
#pragma clang loop unroll(full)
  for (int y = 0; y < 4; y++, values += 4 * tap_stride) {
    store_some(values, vector_subtract(t[y][0], t[y][2]), count);
    store_some(values + tap_stride, vector_add(t[y][1], t[y][2]), count);
    store_some(values + 2 * tap_stride, vector_subtract(t[y][2], t[y][1]), count);
    store_some(values + 3 * tap_stride, vector_subtract(t[y][1], t[y][3]), count);
  }
}

/// A patch that lies inside the sample.
INLINE void transform_inner(const struct winograd_patches *patches, const float *corner, float *values) {
  const size_t channels = patches->channels;
  const size_t line = (size_t)patches->width * channels;
  size_t channel = 0;
  for (; channel + VECTOR_WIDTH <= channels; channel += VECTOR_WIDTH) {
    const float *p = corner + channel;
    const float *const lines[4] = {p, p + line, p + 2 * line, p + 3 * line};
    transform_channels(lines, channels, VECTOR_WIDTH, values + channel, patches->tap_stride);
  }
  if (channel < channels) {
    const float *p = corner + channel;
    const float *const lines[4] = {p, p + line, p + 2 * line, p + 3 * line};
    transform_channels(lines, channels, channels - channel, values + channel, patches->tap_stride);
  }
}

/// A patch that reaches over an edge: copied with its zeros first.
static void transform_outer(const struct winograd_patches *patches, ptrdiff_t x, float *values) {
  enum { most = 64 };
  float patch[16 * most];
  const size_t channels = patches->channels;
  for (size_t first = 0; first < channels; first += most) {
    const size_t count = channels - first < most ? channels - first : most;
    for (int t = 0; t < 16; t++) {
      const ptrdiff_t py = patches->y + t / 4, px = x + t % 4;
      const bool outside = py < 0 || py >= patches->height || px < 0 || px >= patches->width;
      const float *pixel =
          outside ? patches->zeros : patches->input + (py * patches->width + px) * (ptrdiff_t)channels + first;
      memcpy(patch + t * most, pixel, count * sizeof(float));
    }
    for (size_t c = 0; c < count; c += VECTOR_WIDTH) {
      const float *p = patch + c;
      const float *const lines[4] = {p, p + 4 * most, p + 8 * most, p + 12 * most};
      const size_t width = count - c < VECTOR_WIDTH ? count - c : VECTOR_WIDTH;
      transform_channels(lines, most, width, values + first + c, patches->tap_stride);
    }
  }
}

static void KERNEL(transform)(const struct winograd_patches *patches) {
  const bool lines_inside = patches->y >= 0 && patches->y + 4 <= patches->height;
  for (size_t i = 0; i < patches->count; i++) {
    const ptrdiff_t x = patches->x + 2 * (ptrdiff_t)i;
    float *values = patches->values + i * patches->channels;
    if (lines_inside && x >= 0 && x + 4 <= patches->width) {
      const float *corner = patches->input + (patches->y * patches->width + x) * (ptrdiff_t)patches->channels;
      transform_inner(patches, corner, values);
    } else {
      transform_outer(patches, x, values);
    }
  }
}

/// One vector of channels of a tile.
INLINE void finish_channels(const struct winograd_outputs *outputs, const float *sums, size_t offset, size_t lines,
                            size_t columns, size_t count) {
  const size_t stride = outputs->tap_stride;
  vector half[2][4];
#pragma clang loop unroll(full)
  for (int x = 0; x < 4; x++) {
    const vector m0 = load_some(sums + x * stride, count), m1 = load_some(sums + (4 + x) * stride, count);
    const vector m2 = load_some(sums + (8 + x) * stride, count), m3 = load_some(sums + (12 + x) * stride, count);
    half[0][x] = vector_add(vector_add(m0, m1), m2);
    half[1][x] = vector_subtract(vector_subtract(m1, m2), m3);
  }
  const vector low = vector_broadcast(outputs->low), high = vector_broadcast(outputs->high);
#pragma clang loop unroll(full)
  for (size_t y = 0; y < 2; y++) {
    vector pair[2];
    pair[0] = vector_add(vector_add(half[y][0], half[y][1]), half[y][2]);
    pair[1] = vector_subtract(vector_subtract(half[y][1], half[y][2]), half[y][3]);
#pragma clang loop unroll(full)
    for (size_t x = 0; x < 2; x++) {
      if (y >= lines || x >= columns) continue;
      const size_t place = offset + y * outputs->line + x * outputs->channels;
      vector sum = pair[x];
      if (outputs->addend) sum = vector_add(sum, load_some(outputs->addend + place, count));
      store_some(outputs->output + place, vector_clamp(sum, low, high), count);
    }
  }
}

static void KERNEL(finish)(const struct winograd_outputs *outputs) {
  const size_t channels = outputs->channels;
  for (size_t i = 0; i < outputs->count; i++) {
    const float *sums = outputs->sums + i * channels;
    const size_t columns = outputs->columns - 2 * i;
    const bool whole = outputs->lines >= 2 && columns >= 2;
    size_t channel = 0;
    for (; channel + VECTOR_WIDTH <= channels; channel += VECTOR_WIDTH) {
      const size_t offset = 2 * i * channels + channel;
      if (whole) {
        finish_channels(outputs, sums + channel, offset, 2, 2, VECTOR_WIDTH);
      } else {
        finish_channels(outputs, sums + channel, offset, outputs->lines, columns, VECTOR_WIDTH);
      }
    }
    if (channel < channels) {
      finish_channels(outputs, sums + channel, 2 * i * channels + channel, outputs->lines, columns,
                      channels - channel);
    }
  }
}

const struct winograd_kernels KERNEL(winograd_kernels) = {KERNEL(transform), KERNEL(finish)};
