// The product of a chunked left operand; part of `gemm_template.h`.

/// Some channels of one chunk; rows and vectors are literals. Fetches what lies `ahead` floats on, unless that is 0.
INLINE void gemm_chunk(const float *a, const float *b, size_t panel_stride, size_t depth, size_t ahead, vector *sum,
                       const int rows, const int vectors) {
#pragma clang loop unroll_count(4)
  for (size_t k = 0; k < depth; k++) {
    vector row[8];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      row[v] = vector_load(b + v / PANEL_VECTORS * panel_stride + v % PANEL_VECTORS * VECTOR_WIDTH);
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      const vector x = vector_broadcast(a[r * GEMM_CHUNK + k]);
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) sum[r * vectors + v] = vector_fma(x, row[v], sum[r * vectors + v]);
    }
    if (vectors > PANEL_VECTORS) __builtin_prefetch(b + ahead, 0, 2);
    b += GEMM_PANEL;
  }
}

INLINE void gemm_chunks_tile(const struct gemm_chunks *block, size_t i, size_t j, const float *b, size_t ahead,
                             const int rows, const int panels) {
  const int vectors = panels * PANEL_VECTORS;
  const size_t panel_stride = block->depth * GEMM_PANEL, c_stride = block->c_stride;
  vector sum[32];
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) {
    const vector start = block->bias ? vector_load(block->bias + j + v * VECTOR_WIDTH) : vector_zero();
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) sum[r * vectors + v] = start;
  }
  const float *a = block->a + i * GEMM_CHUNK;
  size_t left = block->depth;
  for (; left >= GEMM_CHUNK; left -= GEMM_CHUNK) {
    gemm_chunk(a, b, panel_stride, GEMM_CHUNK, ahead, sum, rows, vectors);
    a += block->a_chunk;
    b += GEMM_CHUNK * GEMM_PANEL;
  }
  if (left > 0) gemm_chunk(a, b, panel_stride, left, ahead, sum, rows, vectors);
  float *const c = block->c + i * c_stride + j;
  const size_t columns = block->columns - j;
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) {
    const size_t column = v * VECTOR_WIDTH;
    if (columns >= column + VECTOR_WIDTH) {
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) vector_store(c + r * c_stride + column, sum[r * vectors + v]);
    } else if (columns > column) {
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        vector_store_first(c + r * c_stride + column, sum[r * vectors + v], columns - column);
      }
    }
  }
}

typedef void gemm_chunks_function(const struct gemm_chunks *, size_t i, size_t j, const float *b,
                                  size_t ahead);

#define CHUNKS_TILE(rows, panels)                                                                                 \
  static void gemm_chunks_##rows##x##panels(const struct gemm_chunks *block, size_t i, size_t j, const float *b,   \
                                            size_t ahead) {                                                        \
    gemm_chunks_tile(block, i, j, b, ahead, rows, panels);                                                                \
  }

CHUNKS_TILE(1, 1) CHUNKS_TILE(2, 1) CHUNKS_TILE(3, 1) CHUNKS_TILE(4, 1) CHUNKS_TILE(5, 1) CHUNKS_TILE(6, 1)
#if GEMM_ROWS == 12
CHUNKS_TILE(7, 1) CHUNKS_TILE(8, 1) CHUNKS_TILE(9, 1) CHUNKS_TILE(10, 1) CHUNKS_TILE(11, 1) CHUNKS_TILE(12, 1)
CHUNKS_TILE(24, 1)
CHUNKS_TILE(1, 2) CHUNKS_TILE(2, 2) CHUNKS_TILE(3, 2) CHUNKS_TILE(4, 2) CHUNKS_TILE(5, 2) CHUNKS_TILE(6, 2)
CHUNKS_TILE(7, 2) CHUNKS_TILE(8, 2) CHUNKS_TILE(9, 2) CHUNKS_TILE(10, 2) CHUNKS_TILE(11, 2) CHUNKS_TILE(12, 2)
static gemm_chunks_function *const chunks_1[] = {
    gemm_chunks_1x1, gemm_chunks_2x1, gemm_chunks_3x1, gemm_chunks_4x1,  gemm_chunks_5x1,  gemm_chunks_6x1,
    gemm_chunks_7x1, gemm_chunks_8x1, gemm_chunks_9x1, gemm_chunks_10x1, gemm_chunks_11x1, gemm_chunks_12x1};
static gemm_chunks_function *const chunks_2[] = {
    gemm_chunks_1x2, gemm_chunks_2x2, gemm_chunks_3x2, gemm_chunks_4x2,  gemm_chunks_5x2,  gemm_chunks_6x2,
    gemm_chunks_7x2, gemm_chunks_8x2, gemm_chunks_9x2, gemm_chunks_10x2, gemm_chunks_11x2, gemm_chunks_12x2};
#else
static gemm_chunks_function *const chunks_1[] = {gemm_chunks_1x1, gemm_chunks_2x1, gemm_chunks_3x1,
                                                 gemm_chunks_4x1, gemm_chunks_5x1, gemm_chunks_6x1};
#endif

/// The rows from i on in tiles of even height, `panels` panels wide. The panels that come next, in this tap or the
/// one after it, lie behind; each of the first tiles fetches one of them.
static void gemm_chunks_rows(const struct gemm_chunks *block, size_t i, size_t j, const float *b, size_t panels,
                             gemm_chunks_function *const *tiles) {
  size_t left = block->rows - i, tile = 0;
  for (size_t tile_count = (left + GEMM_ROWS - 1) / GEMM_ROWS; tile_count > 0; tile_count--, tile++) {
    const size_t rows = (left + tile_count - 1) / tile_count;
    tiles[rows - 1](block, i, j, b, tile < panels ? (panels + tile) * block->depth * GEMM_PANEL : 0);
    i += rows;
    left -= rows;
  }
}

static void KERNEL(multiply_chunks)(const struct gemm_chunks *block) {
  const size_t panel_length = block->depth * GEMM_PANEL;
  const float *b = block->b;
  size_t j = 0;
#if GEMM_PANELS == 2
  for (; block->columns > j + GEMM_PANEL; j += 2 * GEMM_PANEL, b += 2 * panel_length) {
    gemm_chunks_rows(block, 0, j, b, 2, chunks_2);
  }
#endif
  for (; block->columns > j; j += GEMM_PANEL, b += panel_length) {
    size_t i = 0;
#if GEMM_PANELS == 2
    // One panel leaves room for the sums of twice the rows.
    for (; i + 24 <= block->rows; i += 24) gemm_chunks_24x1(block, i, j, b, 0);
#endif
    gemm_chunks_rows(block, i, j, b, 1, chunks_1);
  }
}
