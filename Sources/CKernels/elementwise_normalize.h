// Layer, RMS, group and instance normalization. Included by elementwise_all.h.

/// The sum of (x - mean)^2 in the fixed tree of reductions.
static float deviation_sum(const float *x, size_t n, float mean) {
  float lanes[LANES];
  for (size_t l = 0; l < LANES; l++) lanes[l] = 0.0f;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    EACH for (size_t l = 0; l < LANES; l++) {
      const float d = x[i + l] - mean;
      lanes[l] = fma_f(d, d, lanes[l]);
    }
  }
  for (size_t l = 0; i < n; i++, l++) {
    const float d = x[i] - mean;
    lanes[l] = fma_f(d, d, lanes[l]);
  }
  for (size_t half = LANES / 2; half > 0; half /= 2) {
    for (size_t l = 0; l < half; l++) lanes[l] += lanes[l + half];
  }
  return lanes[0];
}

static void scale_row(const float *x, float mean, float inverse, const float *scale, const float *bias, float *y,
                      size_t n) {
  if (scale && bias) {
    EACH for (size_t i = 0; i < n; i++) y[i] = fma_f((x[i] - mean) * inverse, scale[i], bias[i]);
  } else if (scale) {
    EACH for (size_t i = 0; i < n; i++) y[i] = (x[i] - mean) * inverse * scale[i];
  } else if (bias) {
    EACH for (size_t i = 0; i < n; i++) y[i] = fma_f(x[i] - mean, inverse, bias[i]);
  } else {
    EACH for (size_t i = 0; i < n; i++) y[i] = (x[i] - mean) * inverse;
  }
}

static void layer_norm(const float *x, const float *scale, const float *bias, float epsilon, float *y, size_t n,
                       float *mean, float *inverse) {
  const float count = (float)n;
  const float m = reduce(REDUCE_SUM, x, n) / count;
  const float r = 1.0f / __builtin_sqrtf(deviation_sum(x, n, m) / count + epsilon);
  if (mean) *mean = m;
  if (inverse) *inverse = r;
  scale_row(x, m, r, scale, bias, y, n);
}

static void rms_norm(const float *x, const float *scale, const float *bias, float epsilon, float *y, size_t n,
                     float *inverse) {
  const float r = 1.0f / __builtin_sqrtf(reduce(REDUCE_SUM_SQUARE, x, n) / (float)n + epsilon);
  if (inverse) *inverse = r;
  scale_row(x, 0.0f, r, scale, bias, y, n);
}

static void column_sums(const float *x, size_t rows, size_t stride, double *sums, size_t n) {
  for (size_t r = 0; r < rows; r++) {
    const float *row = x + r * stride;
    EACH for (size_t c = 0; c < n; c++) sums[c] += (double)row[c];
  }
}

static void column_square_sums(const float *x, size_t rows, size_t stride, const float *mean, double *sums,
                               size_t n) {
  for (size_t r = 0; r < rows; r++) {
    const float *row = x + r * stride;
    EACH for (size_t c = 0; c < n; c++) {
      const double d = (double)row[c] - (double)mean[c];
      sums[c] = fma_d(d, d, sums[c]);
    }
  }
}

static void normalize_rows(const float *x, size_t rows, size_t stride, const float *mean, const float *scale,
                           const float *bias, float *y, size_t n) {
  for (size_t r = 0; r < rows; r++) {
    const float *row = x + r * stride;
    float *out = y + r * stride;
    EACH for (size_t c = 0; c < n; c++) out[c] = fma_f(row[c] - mean[c], scale[c], bias[c]);
  }
}
