// The integer kernels over a vector of int32. The including file opened an `integers_*.h` and chose
//   INT8_ROWS_1, INT8_ROWS_2, INT8_ROWS_4   rows of a tile that is one, two or four panels wide (0: no such tile).
#include "int8_pool.h"
#include "int8_rescale.h"

#define PANEL_VECTORS (INT8_PANEL / INTEGERS_WIDTH)
#define PANEL_BYTES (INT8_PANEL * INT8_GROUP)
/// Rows at equal distances are reached from every third one: a base register, and the distance as a scaled index.
#define ROW_BASES(rows) (((rows) + 2) / 3)

INLINE integers int8_broadcast_group(const uint8_t *p) {
  int32_t group;
  memcpy(&group, p, sizeof group);
  return integers_broadcast(group);
}

/// A place that the compiler takes as it is. Left alone it derives each row's pointer from the one before, and keeps
/// all of them at the price of sums that leave their registers.
INLINE const uint8_t *int8_fixed(const uint8_t *p) {
  __asm__("" : "+r"(p));
  return p;
}

/// One group of `rows` positions times `panels` panels; both counts are literals, and `group` is one.
INLINE void int8_step(integers *sum, const uint8_t *const *row, ptrdiff_t step, const uint8_t *b, size_t panel_stride,
                      const int group, const int rows, const int panels) {
  enum { most = 16 };
  const int vectors = panels * PANEL_VECTORS;
  integers weights[most];
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) {
    weights[v] = integers_load(b + group * PANEL_BYTES + v / PANEL_VECTORS * panel_stride +
                               v % PANEL_VECTORS * INTEGERS_WIDTH * INT8_GROUP);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    const integers x = int8_broadcast_group(row[r / 3] + r % 3 * step + group * INT8_GROUP);
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) sum[r * vectors + v] = integers_dot(sum[r * vectors + v], x, weights[v]);
  }
}

/// `rows` positions from a on times `panels` panels from b on; both counts are literals. j is the first column.
INLINE void int8_tile(const struct int8_product *block, const uint8_t *a, const uint8_t *b, size_t j, int32_t *c,
                      const int rows, const int panels) {
  enum { most = 32 };
  const int vectors = panels * PANEL_VECTORS;
  const size_t panel_stride = block->runs * block->groups * PANEL_BYTES, c_stride = block->panels * INT8_PANEL;
  const ptrdiff_t step = block->rows.position_step;
  integers sum[most];
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) {
    const integers start = integers_load(block->start + j + v * INTEGERS_WIDTH);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) sum[r * vectors + v] = start;
  }
  for (size_t run = 0; run < block->runs; run++) {
    const uint8_t *row[ROW_BASES(most)];
#pragma clang loop unroll(full)
    for (int base = 0; base < ROW_BASES(rows); base++) row[base] = a + block->run_offsets[run] + 3 * base * step;
    size_t left = block->groups;
    for (; left >= 2; left -= 2) {
#pragma clang loop unroll(full)
      for (int base = 0; base < ROW_BASES(rows); base++) row[base] = int8_fixed(row[base]);
      int8_step(sum, row, step, b, panel_stride, 0, rows, panels);
      int8_step(sum, row, step, b, panel_stride, 1, rows, panels);
#pragma clang loop unroll(full)
      for (int base = 0; base < ROW_BASES(rows); base++) row[base] += 2 * INT8_GROUP;
      b += 2 * PANEL_BYTES;
    }
    if (left > 0) {
      int8_step(sum, row, step, b, panel_stride, 0, rows, panels);
      b += PANEL_BYTES;
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) integers_store(c + r * c_stride + v * INTEGERS_WIDTH, sum[r * vectors + v]);
  }
}

typedef void int8_tile_function(const struct int8_product *, const uint8_t *a, const uint8_t *b, size_t j,
                                int32_t *c);

#define TILE(rows, panels)                                                                                         \
  static void int8_tile_##rows##x##panels(const struct int8_product *block, const uint8_t *a, const uint8_t *b, \
                                          size_t j, int32_t *c) {                                               \
    int8_tile(block, a, b, j, c, rows, panels);                                                                 \
  }

TILE(1, 1) TILE(2, 1) TILE(3, 1) TILE(4, 1) TILE(5, 1) TILE(6, 1)
#if INT8_ROWS_1 == 16
TILE(7, 1) TILE(8, 1) TILE(9, 1) TILE(10, 1) TILE(11, 1) TILE(12, 1) TILE(13, 1) TILE(14, 1) TILE(15, 1) TILE(16, 1)
TILE(1, 2) TILE(2, 2) TILE(3, 2) TILE(4, 2) TILE(5, 2) TILE(6, 2) TILE(7, 2) TILE(8, 2) TILE(9, 2) TILE(10, 2)
TILE(11, 2) TILE(12, 2)
TILE(1, 4) TILE(2, 4) TILE(3, 4) TILE(4, 4) TILE(5, 4) TILE(6, 4)
static int8_tile_function *const int8_tiles_1[] = {
    int8_tile_1x1,  int8_tile_2x1,  int8_tile_3x1,  int8_tile_4x1,  int8_tile_5x1,  int8_tile_6x1,
    int8_tile_7x1,  int8_tile_8x1,  int8_tile_9x1,  int8_tile_10x1, int8_tile_11x1, int8_tile_12x1,
    int8_tile_13x1, int8_tile_14x1, int8_tile_15x1, int8_tile_16x1};
static int8_tile_function *const int8_tiles_2[] = {
    int8_tile_1x2, int8_tile_2x2, int8_tile_3x2, int8_tile_4x2,  int8_tile_5x2,  int8_tile_6x2,
    int8_tile_7x2, int8_tile_8x2, int8_tile_9x2, int8_tile_10x2, int8_tile_11x2, int8_tile_12x2};
static int8_tile_function *const int8_tiles_4[] = {int8_tile_1x4, int8_tile_2x4, int8_tile_3x4,
                                                   int8_tile_4x4, int8_tile_5x4, int8_tile_6x4};
#else
static int8_tile_function *const int8_tiles_1[] = {int8_tile_1x1, int8_tile_2x1, int8_tile_3x1,
                                                   int8_tile_4x1, int8_tile_5x1, int8_tile_6x1};
#endif

/// A tile shape: its width in panels, and a function for every height up to `rows`.
struct int8_shape {
  size_t panels, rows;
  int8_tile_function *const *tiles;
};

/// The widest shape that is worth it: wide tiles load fewer values per product, but are lower.
static struct int8_shape int8_shape_for(size_t panels, size_t positions) {
#if INT8_ROWS_1 == 16
  if (panels >= 4 && positions <= INT8_ROWS_4) return (struct int8_shape){4, INT8_ROWS_4, int8_tiles_4};
  if (panels >= 2) return (struct int8_shape){2, INT8_ROWS_2, int8_tiles_2};
#endif
  return (struct int8_shape){1, INT8_ROWS_1, int8_tiles_1};
}

/// Walks the panels outside and the positions inside: a panel stays in the nearest cache while all pass by it.
static void KERNEL(int8_multiply)(const struct int8_product *block) {
  const struct int8_positions *rows = &block->rows;
  const size_t panel_stride = block->runs * block->groups * PANEL_BYTES, c_stride = block->panels * INT8_PANEL;
  for (size_t panel = 0; panel < block->panels;) {
    const struct int8_shape shape = int8_shape_for(block->panels - panel, rows->positions);
    const uint8_t *b = block->b + panel * panel_stride;
    // Tiles of even height: 13 rows are 7 + 6, not 12 + 1.
    const size_t tiles = (rows->positions + shape.rows - 1) / shape.rows;
    int32_t *c = block->c + panel * INT8_PANEL;
    for (size_t line = 0; line < rows->lines; line++) {
      const uint8_t *a = rows->a + (ptrdiff_t)line * rows->line_step;
      for (size_t tile = 0; tile < tiles; tile++) {
        const size_t height = rows->positions / tiles + (tile < rows->positions % tiles);
        shape.tiles[height - 1](block, a, b, panel * INT8_PANEL, c);
        a += (ptrdiff_t)height * rows->position_step;
        c += height * c_stride;
      }
    }
    panel += shape.panels;
  }
}

/// `rows` positions times one vector of channels; the count is a literal.
INLINE void int8_filter_tile(const struct int8_depthwise *block, const uint8_t *a, size_t j, int32_t *c,
                             const int rows) {
  enum { most = 8 };
  const size_t channels = block->panels * INT8_PANEL;
  const ptrdiff_t step = block->rows.position_step;
  integers sum[most];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) sum[r] = integers_load(block->start + j);
  for (size_t tap = 0; tap < block->taps; tap++) {
    const uint8_t *x = a + block->tap_offsets[tap] + j * sizeof(int16_t);
    const integers weights = integers_load(block->filter + tap * channels + j);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) sum[r] = integers_filter(sum[r], integers_load_words(x + r * step), weights);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) integers_store(c + r * channels, sum[r]);
}

typedef void int8_filter_function(const struct int8_depthwise *, const uint8_t *a, size_t j, int32_t *c);

#define FILTER_TILE(rows)                                                                                             \
  static void int8_filter_tile_##rows(const struct int8_depthwise *block, const uint8_t *a, size_t j, int32_t *c) { \
    int8_filter_tile(block, a, j, c, rows);                                                                           \
  }

FILTER_TILE(1) FILTER_TILE(2) FILTER_TILE(3) FILTER_TILE(4) FILTER_TILE(5) FILTER_TILE(6) FILTER_TILE(7) FILTER_TILE(8)
static int8_filter_function *const int8_filter_tiles[] = {
    int8_filter_tile_1, int8_filter_tile_2, int8_filter_tile_3, int8_filter_tile_4,
    int8_filter_tile_5, int8_filter_tile_6, int8_filter_tile_7, int8_filter_tile_8};

static void KERNEL(int8_filter)(const struct int8_depthwise *block) {
  enum { highest = sizeof int8_filter_tiles / sizeof int8_filter_tiles[0] };
  const struct int8_positions *rows = &block->rows;
  const size_t channels = block->panels * INT8_PANEL;
  const size_t tiles = (rows->positions + highest - 1) / highest;
  int32_t *c = block->c;
  for (size_t line = 0; line < rows->lines; line++) {
    const uint8_t *a = rows->a + (ptrdiff_t)line * rows->line_step;
    for (size_t tile = 0; tile < tiles; tile++) {
      const size_t height = rows->positions / tiles + (tile < rows->positions % tiles);
      for (size_t j = 0; j < channels; j += INTEGERS_WIDTH) int8_filter_tiles[height - 1](block, a, j, c + j);
      a += (ptrdiff_t)height * rows->position_step;
      c += height * channels;
    }
  }
}

static double KERNEL(int8_exercise)(size_t count) {
  enum { chains = INT8_ROWS_1 == 16 ? 16 : 12 };
  integers sums[chains];
  integers ones = integers_broadcast(0x01010101);
#pragma clang loop unroll(full)
  for (int i = 0; i < chains; i++) sums[i] = integers_broadcast(i);
  for (size_t round = 0; round < count; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; i++) {
      sums[i] = integers_dot(sums[i], ones, ones);
      // To the compiler the factors are new ones each time.
      __asm__ volatile("" : VECTOR_REGISTER(sums[i]), VECTOR_REGISTER(ones));
    }
  }
  return (double)count * chains * INTEGERS_WIDTH * (INT8_GROUP / (INT8_FORM == INT8_WORDS ? 2 : 1));
}

const struct int8_kernels KERNEL(int8_kernels) = {
    .form = INT8_FORM,
    .multiply = KERNEL(int8_multiply),
    .filter = KERNEL(int8_filter),
    .requantize = KERNEL(int8_requantize),
    .convert = KERNEL(int8_convert),
    .add = KERNEL(int8_add),
    .scale_product = KERNEL(int8_scale_product),
    .pool_max = KERNEL(int8_pool_max),
    .pool_mean = KERNEL(int8_pool_mean),
    .quantize = KERNEL(int8_quantize),
    .look_up = KERNEL(int8_look_up),
    .exercise = KERNEL(int8_exercise),
};
