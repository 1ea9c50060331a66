// What calibration looks at: extremes, histograms, and the error of rounding to a grid. Included by elementwise_all.h.

static void extremes(const float *x, size_t n, float *least, float *greatest, uint32_t *magnitude) {
  float lows[LANES], highs[LANES];
  uint32_t bits[LANES];
  for (size_t l = 0; l < LANES; l++) lows[l] = INFINITE, highs[l] = -INFINITE, bits[l] = 0;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    EACH for (size_t l = 0; l < LANES; l++) {
      const float v = x[i + l];
      const uint32_t b = float_bits(v) & 0x7fffffffu;
      lows[l] = v < lows[l] ? v : lows[l];
      highs[l] = v > highs[l] ? v : highs[l];
      bits[l] = b > bits[l] ? b : bits[l];
    }
  }
  for (size_t l = 0; i < n; i++, l++) {
    const float v = x[i];
    const uint32_t b = float_bits(v) & 0x7fffffffu;
    lows[l] = v < lows[l] ? v : lows[l];
    highs[l] = v > highs[l] ? v : highs[l];
    bits[l] = b > bits[l] ? b : bits[l];
  }
  for (size_t l = 1; l < LANES; l++) {
    lows[0] = lows[l] < lows[0] ? lows[l] : lows[0];
    highs[0] = highs[l] > highs[0] ? highs[l] : highs[0];
    bits[0] = bits[l] > bits[0] ? bits[l] : bits[0];
  }
  *least = lows[0];
  *greatest = highs[0];
  *magnitude = bits[0];
}

#define HISTOGRAM_BLOCK 512
/// Zeros are common and all alike; eight counters in turn keep one from waiting for the other.
#define ZERO_COUNTERS 8

static size_t histogram(const float *x, size_t n, float factor, int32_t offset, uint32_t *counts, size_t bins) {
  int32_t index[HISTOGRAM_BLOCK];
  const int32_t behind = (int32_t)bins;
  for (size_t first = 0; first < n; first += HISTOGRAM_BLOCK) {
    const size_t count = n - first < HISTOGRAM_BLOCK ? n - first : HISTOGRAM_BLOCK;
    const float *values = x + first;
    EACH for (size_t j = 0; j < count; j++) {
      const float scaled = values[j] * factor;
      const int32_t cut = (int32_t)scaled;
      const int32_t floored = cut - (scaled < (float)cut ? 1 : 0);
      index[j] = values[j] == 0.0f ? behind + (int32_t)(j & (ZERO_COUNTERS - 1)) : floored + offset;
    }
    for (size_t j = 0; j < count; j++) counts[index[j]]++;
  }
  size_t zeros = 0;
  for (size_t z = 0; z < ZERO_COUNTERS; z++) {
    zeros += counts[bins + z];
    counts[bins + z] = 0;
  }
  return zeros;
}

/// The integer nearest to v (half to even), for |v| < 2^22.
INLINE float nearest(float v) { return (v + ROUNDING_F) - ROUNDING_F; }

static void round_to_grid(const float *x, float *y, size_t n, float scale, float low, float high) {
  const float inverse = 1.0f / scale;
  EACH for (size_t i = 0; i < n; i++) {
    float v = x[i] * inverse;
    v = v < low ? low : v;
    v = v > high ? high : v;
    y[i] = nearest(v) * scale;
  }
}

static void error_sums(const float *x, const float *y, size_t n, double *error, double *signal) {
  double errors[LANES], signals[LANES];
  for (size_t l = 0; l < LANES; l++) errors[l] = 0.0, signals[l] = 0.0;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    EACH for (size_t l = 0; l < LANES; l++) {
      const double v = x[i + l], d = v - (double)y[i + l];
      errors[l] = fma_d(d, d, errors[l]);
      signals[l] = fma_d(v, v, signals[l]);
    }
  }
  for (size_t l = 0; i < n; i++, l++) {
    const double v = x[i], d = v - (double)y[i];
    errors[l] = fma_d(d, d, errors[l]);
    signals[l] = fma_d(v, v, signals[l]);
  }
  for (size_t half = LANES / 2; half > 0; half /= 2) {
    for (size_t l = 0; l < half; l++) errors[l] += errors[l + half], signals[l] += signals[l + half];
  }
  *error += errors[0];
  *signal += signals[0];
}
