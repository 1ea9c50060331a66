// Two-dimensional transposes in square tiles. Included by elementwise_all.h.

typedef uint32_t lanes8x32 __attribute__((vector_size(32), aligned(4)));

INLINE void transpose_tile_8(const uint32_t *x, size_t x_stride, uint32_t *y, size_t y_stride) {
  lanes8x32 a[8], b[8];
  for (int i = 0; i < 8; i++) a[i] = *(const lanes8x32 *)(x + (size_t)i * x_stride);
  for (int i = 0; i < 4; i++) {
    b[2 * i] = __builtin_shufflevector(a[2 * i], a[2 * i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    b[2 * i + 1] = __builtin_shufflevector(a[2 * i], a[2 * i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int i = 0; i < 2; i++) {
    const lanes8x32 p = b[4 * i], q = b[4 * i + 1], r = b[4 * i + 2], s = b[4 * i + 3];
    a[4 * i] = __builtin_shufflevector(p, r, 0, 1, 8, 9, 4, 5, 12, 13);
    a[4 * i + 1] = __builtin_shufflevector(p, r, 2, 3, 10, 11, 6, 7, 14, 15);
    a[4 * i + 2] = __builtin_shufflevector(q, s, 0, 1, 8, 9, 4, 5, 12, 13);
    a[4 * i + 3] = __builtin_shufflevector(q, s, 2, 3, 10, 11, 6, 7, 14, 15);
  }
  for (int i = 0; i < 4; i++) {
    *(lanes8x32 *)(y + (size_t)i * y_stride) = __builtin_shufflevector(a[i], a[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    *(lanes8x32 *)(y + (size_t)(i + 4) * y_stride) =
        __builtin_shufflevector(a[i], a[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

#define TRANSPOSE_PLAIN(NAME, TYPE, TILE)                                                                   \
  static void NAME(const TYPE *x, size_t x_stride, TYPE *y, size_t y_stride, size_t rows, size_t columns) { \
    for (size_t r = 0; r < rows; r += TILE) {                                                               \
      const size_t r_end = rows - r < TILE ? rows : r + TILE;                                               \
      for (size_t c = 0; c < columns; c += TILE) {                                                          \
        const size_t c_end = columns - c < TILE ? columns : c + TILE;                                       \
        for (size_t j = c; j < c_end; j++) {                                                                \
          for (size_t i = r; i < r_end; i++) y[j * y_stride + i] = x[i * x_stride + j];                     \
        }                                                                                                   \
      }                                                                                                     \
    }                                                                                                       \
  }

TRANSPOSE_PLAIN(transpose_8, uint8_t, 16)
TRANSPOSE_PLAIN(transpose_16, uint16_t, 16)
TRANSPOSE_PLAIN(transpose_32_plain, uint32_t, 8)
TRANSPOSE_PLAIN(transpose_64, uint64_t, 8)

static void transpose_32(const uint32_t *x, size_t x_stride, uint32_t *y, size_t y_stride, size_t rows,
                         size_t columns) {
  const size_t whole_rows = rows / 8 * 8, whole_columns = columns / 8 * 8;
  // Panels of 64 rows keep the lines that are written in the first-level cache.
  for (size_t top = 0; top < whole_rows; top += 64) {
    const size_t bottom = whole_rows - top < 64 ? whole_rows : top + 64;
    for (size_t c = 0; c < whole_columns; c += 8) {
      for (size_t r = top; r < bottom; r += 8) {
        transpose_tile_8(x + r * x_stride + c, x_stride, y + c * y_stride + r, y_stride);
      }
    }
  }
  if (whole_columns < columns) {
    transpose_32_plain(x + whole_columns, x_stride, y + whole_columns * y_stride, y_stride, whole_rows,
                       columns - whole_columns);
  }
  if (whole_rows < rows) {
    transpose_32_plain(x + whole_rows * x_stride, x_stride, y + whole_rows, y_stride, rows - whole_rows, columns);
  }
}

static void transpose(size_t width, const void *x, size_t x_stride, void *y, size_t y_stride, size_t rows,
                      size_t columns) {
  switch (width) {
    case 1: transpose_8(x, x_stride, y, y_stride, rows, columns); break;
    case 2: transpose_16(x, x_stride, y, y_stride, rows, columns); break;
    case 4: transpose_32(x, x_stride, y, y_stride, rows, columns); break;
    default: transpose_64(x, x_stride, y, y_stride, rows, columns); break;
  }
}
