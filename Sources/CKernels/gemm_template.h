// The product kernel over a vector type. The including file opened a `vector_*.h` and chose
//   GEMM_ROWS    rows of a tile that is two panels wide (one where registers are few),
//   GEMM_PANELS  panels of that tile.
#include "gemm.h"

#include <math.h>
#include <stdbool.h>

#define PANEL_VECTORS (GEMM_PANEL / VECTOR_WIDTH)
#define INLINE static inline __attribute__((always_inline))

/// Adds the addend, clamps and stores a tile's sums; rows and vectors are literals.
INLINE void gemm_store(const struct gemm_block *block, vector *sum, size_t i, size_t j, const int rows,
                       const int vectors) {
  const size_t c_stride = block->c_stride, addend_stride = block->addend_stride;
  const size_t left = block->columns - j;
  const bool clamps = block->low > -INFINITY || block->high < INFINITY;
  const vector low = vector_broadcast(block->low), high = vector_broadcast(block->high);
  float *const c = block->c + i * c_stride + j;
  const float *const addend = block->addend ? block->addend + i * addend_stride + j : 0;
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) {
    const size_t column = v * VECTOR_WIDTH;
    if (left >= column + VECTOR_WIDTH) {
      if (addend) {
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
          sum[r * vectors + v] = vector_add(sum[r * vectors + v], vector_load(addend + r * addend_stride + column));
        }
      }
      if (clamps) {
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) sum[r * vectors + v] = vector_clamp(sum[r * vectors + v], low, high);
      }
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) vector_store(c + r * c_stride + column, sum[r * vectors + v]);
    } else if (left > column) {
      const size_t count = left - column;
      for (int r = 0; r < rows; r++) {
        vector total = sum[r * vectors + v];
        if (addend) total = vector_add(total, vector_load_first(addend + r * addend_stride + column, count));
        vector_store_first(c + r * c_stride + column, vector_clamp(total, low, high), count);
      }
    }
  }
}

/// Rows i ..< i + rows of `panels` panels from b on, whose first column is j. Both extents are literals.
///
/// `ahead` is as long as a panel and will be read soon: a line of it is fetched per step, so that weights that do not
/// fit the caches arrive while others are at work.
INLINE void gemm_tile(const struct gemm_block *block, size_t i, size_t j, const float *b, const float *ahead,
                      const int rows, const int panels) {
  enum { most = 32 };
  const int vectors = panels * PANEL_VECTORS;
  const size_t panel_stride = block->taps * block->depth * GEMM_PANEL;
  vector sum[most];
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) {
    const vector start = block->bias ? vector_load(block->bias + j + v * VECTOR_WIDTH) : vector_zero();
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) sum[r * vectors + v] = start;
  }
  for (size_t tap = 0; tap < block->taps; tap++) {
    const float *a[GEMM_ROWS];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) a[r] = block->a[tap * block->a_stride + i + r];
#pragma clang loop unroll_count(4)
    for (size_t k = 0; k < block->depth; k++) {
      vector row[most];
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) {
        row[v] = vector_load(b + v / PANEL_VECTORS * panel_stride + v % PANEL_VECTORS * VECTOR_WIDTH);
      }
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        const vector x = vector_broadcast(a[r][k]);
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) sum[r * vectors + v] = vector_fma(x, row[v], sum[r * vectors + v]);
      }
      __builtin_prefetch(ahead, 0, 2);
      b += GEMM_PANEL;
      ahead += GEMM_PANEL;
    }
  }
  gemm_store(block, sum, i, j, rows, vectors);
}

typedef void gemm_tile_function(const struct gemm_block *, size_t i, size_t j, const float *b,
                                const float *ahead);

#define TILE(rows, panels)                                                                                        \
  static void gemm_tile_##rows##x##panels(const struct gemm_block *block, size_t i, size_t j, const float *b, \
                                          const float *ahead) { \
    gemm_tile(block, i, j, b, ahead, rows, panels);                                                                      \
  }

TILE(1, 1) TILE(2, 1) TILE(3, 1) TILE(4, 1) TILE(5, 1) TILE(6, 1)
TILE(1, 2) TILE(2, 2) TILE(3, 2)
TILE(1, 4)
#if GEMM_ROWS == 12
TILE(7, 1) TILE(8, 1) TILE(9, 1) TILE(10, 1) TILE(11, 1) TILE(12, 1)
TILE(4, 2) TILE(5, 2) TILE(6, 2) TILE(7, 2) TILE(8, 2) TILE(9, 2) TILE(10, 2) TILE(11, 2) TILE(12, 2)
TILE(2, 4) TILE(3, 4) TILE(4, 4) TILE(5, 4) TILE(6, 4)
static gemm_tile_function *const tiles_1[] = {
    gemm_tile_1x1, gemm_tile_2x1, gemm_tile_3x1, gemm_tile_4x1,  gemm_tile_5x1,  gemm_tile_6x1,
    gemm_tile_7x1, gemm_tile_8x1, gemm_tile_9x1, gemm_tile_10x1, gemm_tile_11x1, gemm_tile_12x1};
static gemm_tile_function *const tiles_2[] = {
    gemm_tile_1x2, gemm_tile_2x2, gemm_tile_3x2, gemm_tile_4x2,  gemm_tile_5x2,  gemm_tile_6x2,
    gemm_tile_7x2, gemm_tile_8x2, gemm_tile_9x2, gemm_tile_10x2, gemm_tile_11x2, gemm_tile_12x2};
static gemm_tile_function *const tiles_4[] = {gemm_tile_1x4, gemm_tile_2x4, gemm_tile_3x4,
                                              gemm_tile_4x4, gemm_tile_5x4, gemm_tile_6x4};
#else
static gemm_tile_function *const tiles_1[] = {gemm_tile_1x1, gemm_tile_2x1, gemm_tile_3x1,
                                              gemm_tile_4x1, gemm_tile_5x1, gemm_tile_6x1};
static gemm_tile_function *const tiles_2[] = {gemm_tile_1x2, gemm_tile_2x2, gemm_tile_3x2};
static gemm_tile_function *const tiles_4[] = {gemm_tile_1x4};
#endif

#define COUNT(tiles) (sizeof tiles / sizeof tiles[0])

/// Walks the panels outside and the rows inside: a panel stays in the nearest cache while all rows pass by it.
static void KERNEL(multiply)(const struct gemm_block *block) {
  const size_t panel_length = block->taps * block->depth * GEMM_PANEL;
  const size_t tile_count = (block->rows + GEMM_ROWS - 1) / GEMM_ROWS;
  if (tile_count == 0) return;
  // Tiles of even height: 13 rows are 7 + 6, not 12 + 1.
  const size_t height = block->rows / tile_count, taller = block->rows % tile_count;
  const size_t tallest = height + (taller > 0);
  const size_t panel_count = (block->columns + GEMM_PANEL - 1) / GEMM_PANEL;
  for (size_t panel = 0; panel < panel_count;) {
    const size_t left = panel_count - panel;
    gemm_tile_function *const *tiles = tiles_1;
    size_t step = 1;
    if (left >= 4 && tallest <= COUNT(tiles_4)) {
      tiles = tiles_4;
      step = 4;
    } else if (left >= 2 && tallest <= COUNT(tiles_2)) {
      tiles = tiles_2;
      step = 2;
    }
    const float *b = block->b + panel * panel_length;
    size_t i = 0;
    for (size_t tile = 0; tile < tile_count; tile++) {
      const size_t rows = height + (tile < taller);
      // Each of the first tiles fetches one of the next panels.
      const bool fetches = tile < step && panel + step + tile < panel_count;
      tiles[rows - 1](block, i, panel * GEMM_PANEL, b, fetches ? b + (step + tile) * panel_length : b);
      i += rows;
    }
    panel += step;
  }
}

#include "gemm_chunks_template.h"

static double KERNEL(exercise_fma)(size_t count) {
  enum { chains = VECTOR_WIDTH == 16 ? 24 : 12 };
  vector sums[chains];
  const vector half = vector_broadcast(0.5f), one = vector_broadcast(1);
#pragma clang loop unroll(full)
  for (int i = 0; i < chains; i++) sums[i] = vector_broadcast((float)i);
  for (size_t round = 0; round < count; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; i++) sums[i] = vector_fma(sums[i], half, one);
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; i++) __asm__ volatile("" : VECTOR_REGISTER(sums[i]));
  }
  return (double)count * chains * VECTOR_WIDTH * 2;
}

const struct gemm_kernels KERNEL(gemm_kernels) = {KERNEL(multiply), KERNEL(multiply_chunks), KERNEL(exercise_fma)};
