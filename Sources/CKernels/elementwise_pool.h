// Sums and maxima over a list of rows (the taps of a window). Included by elementwise_all.h.
//
// Channels go in blocks that stay in registers while the taps pass.

#define CHANNEL_BLOCK 64

#define OVER_TAPS(FIRST, STEP, FINISH)                                \
  {                                                                   \
    size_t c = 0;                                                     \
    for (; c + CHANNEL_BLOCK <= n; c += CHANNEL_BLOCK) {              \
      float block[CHANNEL_BLOCK];                                     \
      {                                                               \
        const float *row = taps[0] + c;                               \
        EACH for (size_t l = 0; l < CHANNEL_BLOCK; l++) {             \
          const float v = row[l];                                     \
          block[l] = FIRST;                                           \
        }                                                             \
      }                                                               \
      for (size_t t = 1; t < count; t++) {                            \
        const float *row = taps[t] + c;                               \
        EACH for (size_t l = 0; l < CHANNEL_BLOCK; l++) {             \
          const float u = block[l], v = row[l];                       \
          block[l] = STEP;                                            \
        }                                                             \
      }                                                               \
      EACH for (size_t l = 0; l < CHANNEL_BLOCK; l++) {               \
        const float u = block[l];                                     \
        y[c + l] = FINISH;                                            \
      }                                                               \
    }                                                                 \
    if (c < n) {                                                      \
      const size_t rest = n - c;                                      \
      {                                                               \
        const float *row = taps[0] + c;                               \
        EACH for (size_t l = 0; l < rest; l++) {                      \
          const float v = row[l];                                     \
          y[c + l] = FIRST;                                           \
        }                                                             \
      }                                                               \
      for (size_t t = 1; t < count; t++) {                            \
        const float *row = taps[t] + c;                               \
        EACH for (size_t l = 0; l < rest; l++) {                      \
          const float u = y[c + l], v = row[l];                       \
          y[c + l] = STEP;                                            \
        }                                                             \
      }                                                               \
      EACH for (size_t l = 0; l < rest; l++) {                        \
        const float u = y[c + l];                                     \
        y[c + l] = FINISH;                                            \
      }                                                               \
    }                                                                 \
  }

static void pool_max(const float *const *taps, size_t count, float *y, size_t n) OVER_TAPS(v, max_f(u, v), u)

static void pool_mean(const float *const *taps, size_t count, float divisor, float *y, size_t n)
    OVER_TAPS(v, u + v, u / divisor)

static void weighted_sum(const float *const *taps, const float *weights, size_t count, float *y, size_t n)
    OVER_TAPS(v * weights[0], fma_f(v, weights[t], u), u)

static void pool_max_index(const float *const *taps, size_t count, float *y, int32_t *which, size_t n) {
  const float *first = taps[0];
  EACH for (size_t c = 0; c < n; c++) {
    y[c] = first[c];
    which[c] = 0;
  }
  for (size_t t = 1; t < count; t++) {
    const float *row = taps[t];
    EACH for (size_t c = 0; c < n; c++) {
      const float u = y[c], v = row[c];
      const int32_t before = which[c];
      const int better = (v > u) | ((v != v) & (u == u));
      y[c] = better ? v : u;
      which[c] = better ? (int32_t)t : before;
    }
  }
}
