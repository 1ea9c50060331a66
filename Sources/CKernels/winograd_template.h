// Winograd's transforms over a vector type; the including file opened a `vector_*.h`.
#include "gemm.h"
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

// MARK: Inputs

/// A column of a patch, its lines combined.
struct column {
  vector line[4];
};

/// `check` stays 0 while all values are finite, and becomes not a number otherwise.
INLINE struct column combine_lines(const float *const *lines, size_t offset, size_t count, vector *check) {
  const vector d0 = load_some(lines[0] + offset, count), d1 = load_some(lines[1] + offset, count);
  const vector d2 = load_some(lines[2] + offset, count), d3 = load_some(lines[3] + offset, count);
  struct column column;
  column.line[0] = vector_subtract(d0, d2);
  column.line[1] = vector_add(d1, d2);
  column.line[2] = vector_subtract(d2, d1);
  column.line[3] = vector_subtract(d1, d3);
  const vector zero = vector_zero();
#pragma clang loop unroll(full)
  for (int line = 0; line < 4; line++) *check = vector_fma(column.line[line], zero, *check);
  return column;
}

/// As combine_lines for a column that may lie outside.
INLINE struct column combine_at(const struct winograd_patches *patches, const float *const *lines, ptrdiff_t x,
                                size_t count, vector *check) {
  if (x >= 0 && x < patches->width) return combine_lines(lines, (size_t)x * patches->channels, count, check);
  const vector zero = vector_zero();
  struct column column;
  column.line[0] = vector_subtract(zero, zero);
  column.line[1] = vector_add(zero, zero);
  column.line[2] = vector_subtract(zero, zero);
  column.line[3] = vector_subtract(zero, zero);
  return column;
}

INLINE void store_patch(const struct column *c, float *values, size_t tap_stride, size_t count) {
#pragma clang loop unroll(full)
  for (int y = 0; y < 4; y++, values += 4 * tap_stride) {
    store_some(values, vector_subtract(c[0].line[y], c[2].line[y]), count);
    store_some(values + tap_stride, vector_add(c[1].line[y], c[2].line[y]), count);
    store_some(values + 2 * tap_stride, vector_subtract(c[2].line[y], c[1].line[y]), count);
    store_some(values + 3 * tap_stride, vector_subtract(c[1].line[y], c[3].line[y]), count);
  }
}

/// One vector of channels of all patches; a patch shares two columns with the one before.
INLINE void transform_channels(const struct winograd_patches *patches, const float *const *lines, float *values,
                               size_t count, vector *shared_check) {
  const size_t channels = patches->channels, tap_stride = patches->tap_stride;
  vector check = *shared_check;
  ptrdiff_t x = patches->x;
  struct column c[4];
  c[0] = combine_at(patches, lines, x, count, &check);
  c[1] = combine_at(patches, lines, x + 1, count, &check);
  size_t left = patches->count;
  if (x >= -2) {
    size_t offset = (size_t)(x + 2) * channels;
    for (; left > 0 && x + 3 < patches->width; left--, x += 2, offset += 2 * channels) {
      c[2] = combine_lines(lines, offset, count, &check);
      c[3] = combine_lines(lines, offset + channels, count, &check);
      store_patch(c, values, tap_stride, count);
      c[0] = c[2];
      c[1] = c[3];
      values += GEMM_CHUNK;
    }
  }
  for (; left > 0; left--, x += 2) {
    c[2] = combine_at(patches, lines, x + 2, count, &check);
    c[3] = combine_at(patches, lines, x + 3, count, &check);
    store_patch(c, values, tap_stride, count);
    c[0] = c[2];
    c[1] = c[3];
    values += GEMM_CHUNK;
  }
  *shared_check = check;
}

static bool KERNEL(transform)(const struct winograd_patches *patches) {
  const size_t channels = patches->channels;
  vector check = vector_zero();
  const float *start[4];
  for (int line = 0; line < 4; line++) {
    const ptrdiff_t y = patches->y + line;
    const bool inside = y >= 0 && y < patches->height;
    start[line] = inside ? patches->input + y * patches->width * (ptrdiff_t)channels : patches->zeros;
  }
  for (size_t channel = 0; channel < channels; channel += VECTOR_WIDTH) {
    const float *const lines[4] = {start[0] + channel, start[1] + channel, start[2] + channel, start[3] + channel};
    float *values = patches->values + channel / GEMM_CHUNK * patches->chunk_stride + channel % GEMM_CHUNK;
    if (channel + VECTOR_WIDTH <= channels) {
      transform_channels(patches, lines, values, VECTOR_WIDTH, &check);
    } else {
      transform_channels(patches, lines, values, channels - channel, &check);
    }
  }
  float checks[VECTOR_WIDTH], sum = 0;
  vector_store(checks, check);
  for (int i = 0; i < VECTOR_WIDTH; i++) sum += checks[i];
  return sum == 0;
}

// MARK: Outputs

/// Two lines of two outputs, before the addend.
INLINE void combine_sums(const float *sums, size_t stride, vector out[2][2], size_t count) {
  vector half[2][4];
#pragma clang loop unroll(full)
  for (int x = 0; x < 4; x++) {
    const vector m0 = load_some(sums + x * stride, count), m1 = load_some(sums + (4 + x) * stride, count);
    const vector m2 = load_some(sums + (8 + x) * stride, count), m3 = load_some(sums + (12 + x) * stride, count);
    half[0][x] = vector_add(vector_add(m0, m1), m2);
    half[1][x] = vector_subtract(vector_subtract(m1, m2), m3);
  }
#pragma clang loop unroll(full)
  for (int y = 0; y < 2; y++) {
    out[y][0] = vector_add(vector_add(half[y][0], half[y][1]), half[y][2]);
    out[y][1] = vector_subtract(vector_subtract(half[y][1], half[y][2]), half[y][3]);
  }
}

/// One vector of channels of whole tiles. Whether there is an addend is a literal.
INLINE void finish_whole(const struct winograd_outputs *outputs, size_t channel, size_t tiles, const bool adds) {
  const size_t channels = outputs->channels, tap_stride = outputs->tap_stride, line = outputs->line;
  const vector low = vector_broadcast(outputs->low), high = vector_broadcast(outputs->high);
  const float *sums = outputs->sums + channel, *addend = adds ? outputs->addend + channel : 0;
  float *output = outputs->output + channel;
  for (; tiles > 0; tiles--, sums += channels, output += 2 * channels) {
    vector out[2][2];
    combine_sums(sums, tap_stride, out, VECTOR_WIDTH);
    if (adds) {
      out[0][0] = vector_add(out[0][0], vector_load(addend));
      out[0][1] = vector_add(out[0][1], vector_load(addend + channels));
      out[1][0] = vector_add(out[1][0], vector_load(addend + line));
      out[1][1] = vector_add(out[1][1], vector_load(addend + line + channels));
      addend += 2 * channels;
    }
    vector_store(output, vector_clamp(out[0][0], low, high));
    vector_store(output + channels, vector_clamp(out[0][1], low, high));
    vector_store(output + line, vector_clamp(out[1][0], low, high));
    vector_store(output + line + channels, vector_clamp(out[1][1], low, high));
  }
}

/// Up to a vector of channels of one tile, of which some outputs may not exist.
INLINE void finish_part(const struct winograd_outputs *outputs, size_t tile, size_t channel, size_t count) {
  const vector low = vector_broadcast(outputs->low), high = vector_broadcast(outputs->high);
  vector out[2][2];
  combine_sums(outputs->sums + tile * outputs->channels + channel, outputs->tap_stride, out, count);
#pragma clang loop unroll(full)
  for (size_t y = 0; y < 2; y++) {
#pragma clang loop unroll(full)
    for (size_t x = 0; x < 2; x++) {
      if (y >= outputs->lines || 2 * tile + x >= outputs->columns) continue;
      const size_t place = y * outputs->line + (2 * tile + x) * outputs->channels + channel;
      if (outputs->addend) out[y][x] = vector_add(out[y][x], load_some(outputs->addend + place, count));
      store_some(outputs->output + place, vector_clamp(out[y][x], low, high), count);
    }
  }
}

static void KERNEL(finish)(const struct winograd_outputs *outputs) {
  const size_t channels = outputs->channels;
  size_t whole = outputs->lines < 2 ? 0 : outputs->columns / 2;
  if (whole > outputs->count) whole = outputs->count;
  size_t channel = 0;
  for (; channel + VECTOR_WIDTH <= channels; channel += VECTOR_WIDTH) {
    if (outputs->addend) {
      finish_whole(outputs, channel, whole, true);
    } else {
      finish_whole(outputs, channel, whole, false);
    }
    for (size_t tile = whole; tile < outputs->count; tile++) finish_part(outputs, tile, channel, VECTOR_WIDTH);
  }
  if (channel == channels) return;
  for (size_t tile = 0; tile < outputs->count; tile++) finish_part(outputs, tile, channel, channels - channel);
}

const struct winograd_kernels KERNEL(winograd_kernels) = {KERNEL(transform), KERNEL(finish)};
