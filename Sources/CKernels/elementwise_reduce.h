// Reductions in a fixed tree, and softmax. Included by elementwise_all.h.
//
// A contiguous reduction runs in 32 lanes whatever the vector width: element i joins lane i mod 32 in order of i,
// then lanes l and l + 16 are joined, then l and l + 8, down to one.

#define LANES 32

/// Joins the lanes in the fixed tree. The constant halves let the compiler use vectors.
#define JOIN_HALF(JOIN, HALF) \
  EACH for (size_t l = 0; l < (HALF); l++) lanes[l] = JOIN(lanes[l], lanes[l + (HALF)]);
#define JOIN_LANES(JOIN) \
  JOIN_HALF(JOIN, 16) JOIN_HALF(JOIN, 8) JOIN_HALF(JOIN, 4) JOIN_HALF(JOIN, 2) JOIN_HALF(JOIN, 1)

/// The last elements are filled up to whole lanes with START, which changes nothing.
#define REDUCE_INTO_LANES(START, JOIN, TERM)                          \
  {                                                                   \
    for (size_t l = 0; l < LANES; l++) lanes[l] = (START);            \
    size_t i = 0;                                                     \
    for (; i + LANES <= n; i += LANES) {                              \
      EACH for (size_t l = 0; l < LANES; l++) {                       \
        const float u = lanes[l], v = TERM(x[i + l]);                 \
        lanes[l] = JOIN(u, v);                                        \
      }                                                               \
    }                                                                 \
    if (i < n) {                                                      \
      float tail[LANES];                                              \
      for (size_t l = 0; l < LANES; l++) tail[l] = (START);           \
      for (size_t l = 0; l < n - i; l++) tail[l] = x[i + l];          \
      EACH for (size_t l = 0; l < LANES; l++) {                       \
        const float u = lanes[l], v = TERM(tail[l]);                  \
        lanes[l] = JOIN(u, v);                                        \
      }                                                               \
    }                                                                 \
    JOIN_LANES(JOIN)                                                  \
    return lanes[0];                                                  \
  }

#define SAME(v) (v)
#define SQUARED(v) ((v) * (v))
#define JOIN_SUM(u, v) ((u) + (v))
#define JOIN_PRODUCT(u, v) ((u) * (v))
#define JOIN_MAX(u, v) max_f((u), (v))
#define JOIN_MIN(u, v) min_f((u), (v))

// Sums start at +0: a sum of -0 alone is +0, as in NumPy.
static float reduce(enum reduce_function kind, const float *x, size_t n) {
  float lanes[LANES];
  switch (kind) {
    case REDUCE_SUM: REDUCE_INTO_LANES(0.0f, JOIN_SUM, SAME)
    case REDUCE_MAX: REDUCE_INTO_LANES(-INFINITE, JOIN_MAX, SAME)
    case REDUCE_MIN: REDUCE_INTO_LANES(INFINITE, JOIN_MIN, SAME)
    case REDUCE_PRODUCT: REDUCE_INTO_LANES(1.0f, JOIN_PRODUCT, SAME)
    case REDUCE_L1: REDUCE_INTO_LANES(0.0f, JOIN_SUM, absolute)
    case REDUCE_SUM_SQUARE: REDUCE_INTO_LANES(0.0f, JOIN_SUM, SQUARED)
  }
  return 0.0f;
}

#define ROW_BLOCK 64
#define COLUMN_BLOCK 256

// The rows of a block fold into `part`; the parts fold into y in order.
#define FOLD_ROWS(START, JOIN, TERM)                                                  \
  for (size_t c = 0; c < n; c++) y[c] = (START);                                      \
  for (size_t first = 0; first < n; first += COLUMN_BLOCK) {                          \
    const size_t width = n - first < COLUMN_BLOCK ? n - first : COLUMN_BLOCK;         \
    for (size_t top = 0; top < rows; top += ROW_BLOCK) {                              \
      const size_t bottom = rows - top < ROW_BLOCK ? rows : top + ROW_BLOCK;          \
      float part[COLUMN_BLOCK];                                                       \
      for (size_t c = 0; c < width; c++) part[c] = (START);                           \
      for (size_t r = top; r < bottom; r++) {                                         \
        const float *row = x + r * stride + first;                                    \
        EACH for (size_t c = 0; c < width; c++) {                                     \
          const float u = part[c], v = TERM(row[c]);                                  \
          part[c] = JOIN(u, v);                                                       \
        }                                                                             \
      }                                                                               \
      EACH for (size_t c = 0; c < width; c++) {                                       \
        const float u = y[first + c], v = part[c];                                    \
        y[first + c] = JOIN(u, v);                                                    \
      }                                                                               \
    }                                                                                 \
  }                                                                                   \
  break;

static void reduce_rows(enum reduce_function kind, const float *x, size_t rows, size_t stride, float *y, size_t n) {
  switch (kind) {
    case REDUCE_SUM: FOLD_ROWS(0.0f, JOIN_SUM, SAME)
    case REDUCE_MAX: FOLD_ROWS(-INFINITE, JOIN_MAX, SAME)
    case REDUCE_MIN: FOLD_ROWS(INFINITE, JOIN_MIN, SAME)
    case REDUCE_PRODUCT: FOLD_ROWS(1.0f, JOIN_PRODUCT, SAME)
    case REDUCE_L1: FOLD_ROWS(0.0f, JOIN_SUM, absolute)
    case REDUCE_SUM_SQUARE: FOLD_ROWS(0.0f, JOIN_SUM, SQUARED)
  }
}

// A row of -inf alone, or with +inf in it, has no finite maximum to subtract: exp(x - 0) then gives the right limit.
INLINE float softmax_shift(float maximum) { return absolute(maximum) == INFINITE ? 0.0f : maximum; }

/// y = exp(x - shift), and the sum in the fixed tree.
static float exp_sum(const float *x, float *y, size_t n, float shift) {
  float lanes[LANES];
  for (size_t l = 0; l < LANES; l++) lanes[l] = 0.0f;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    EACH for (size_t l = 0; l < LANES; l++) {
      const float e = exp_f(x[i + l] - shift);
      if (y) y[i + l] = e;
      lanes[l] += e;
    }
  }
  if (i < n) {
    // A whole vector costs no more than one element; lanes past the end add +0.
    const size_t rest = n - i;
    float tail[LANES];
    for (size_t l = 0; l < LANES; l++) tail[l] = 0.0f;
    for (size_t l = 0; l < rest; l++) tail[l] = x[i + l] - shift;
    EACH for (size_t l = 0; l < LANES; l++) {
      const float e = exp_f(tail[l]);
      tail[l] = e;
      lanes[l] += l < rest ? e : 0.0f;
    }
    if (y) {
      for (size_t l = 0; l < rest; l++) y[i + l] = tail[l];
    }
  }
  JOIN_LANES(JOIN_SUM)
  return lanes[0];
}

static float log_sum_exp(const float *x, size_t n) {
  const float shift = softmax_shift(reduce(REDUCE_MAX, x, n));
  return log_f(exp_sum(x, 0, n, shift)) + shift;
}

static void softmax(const float *x, float *y, size_t n, bool logarithm) {
  const float maximum = reduce(REDUCE_MAX, x, n);
  if (logarithm) {
    const float offset = log_f(exp_sum(x, 0, n, maximum));
    EACH for (size_t i = 0; i < n; i++) y[i] = x[i] - maximum - offset;
  } else {
    const float sum = exp_sum(x, y, n, maximum);
    EACH for (size_t i = 0; i < n; i++) y[i] = y[i] / sum;
  }
}

static void softmax_rows(const float *x, float *y, size_t rows, size_t stride, size_t n, bool logarithm) {
  for (size_t first = 0; first < n; first += COLUMN_BLOCK) {
    const size_t width = n - first < COLUMN_BLOCK ? n - first : COLUMN_BLOCK;
    float maximum[COLUMN_BLOCK], sum[COLUMN_BLOCK];
    for (size_t c = 0; c < width; c++) maximum[c] = -INFINITE, sum[c] = 0.0f;
    for (size_t r = 0; r < rows; r++) {
      const float *row = x + r * stride + first;
      EACH for (size_t c = 0; c < width; c++) maximum[c] = max_f(maximum[c], row[c]);
    }
    for (size_t r = 0; r < rows; r++) {
      const float *row = x + r * stride + first;
      float *out = y + r * stride + first;
      if (logarithm) {
        EACH for (size_t c = 0; c < width; c++) sum[c] += exp_f(row[c] - maximum[c]);
      } else {
        EACH for (size_t c = 0; c < width; c++) {
          const float e = exp_f(row[c] - maximum[c]);
          out[c] = e;
          sum[c] += e;
        }
      }
    }
    if (logarithm) {
      EACH for (size_t c = 0; c < width; c++) sum[c] = log_f(sum[c]);
    }
    for (size_t r = 0; r < rows; r++) {
      const float *row = x + r * stride + first;
      float *out = y + r * stride + first;
      if (logarithm) {
        EACH for (size_t c = 0; c < width; c++) out[c] = row[c] - maximum[c] - sum[c];
      } else {
        EACH for (size_t c = 0; c < width; c++) out[c] = out[c] / sum[c];
      }
    }
  }
}
