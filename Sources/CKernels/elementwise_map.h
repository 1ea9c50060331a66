// Unary and binary functions over arrays. Included by elementwise_all.h.

INLINE float sign_f(float x) { return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x; }
INLINE float clip_f(float x, float low, float high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}
INLINE float elu_f(float x, float alpha) { return x > 0.0f ? x : x != x ? x : alpha * expm1_negative(x); }
INLINE float negative_part(float x) { return x < 0.0f ? x : 0.0f; }
INLINE float shrink_f(float x, float lambda, float bias) {
  return x < -lambda ? x + bias : x > lambda ? x - bias : x != x ? x : 0.0f;
}

/// x mod y with the sign of x, exactly: long division of the significands.
static float fmod_f(float x, float y) {
  uint32_t ax = float_bits(x) & 0x7fffffffu, ay = float_bits(y) & 0x7fffffffu;
  if (ax > 0x7f800000u || ay > 0x7f800000u) return x + y;
  if (ax == 0x7f800000u || ay == 0) return NOT_A_NUMBER;
  if (ax < ay) return x;
  int ex = (int)(ax >> 23), ey = (int)(ay >> 23);
  uint64_t mx = ex ? (ax & 0x7fffffu) | 0x800000u : ax, my = ey ? (ay & 0x7fffffu) | 0x800000u : ay;
  int distance = (ex ? ex : 1) - (ey ? ey : 1);
  uint64_t rest = mx % my;
  while (distance > 0 && rest) {
    int step = distance < 40 ? distance : 40;
    rest = (rest << step) % my;
    distance -= step;
  }
  // rest * 2^(exponent of y's unit): scaling a double by a power of two is exact here.
  double unit = bits_double((uint64_t)(1023 + (ey ? ey : 1) - 150) << 52);
  return with_sign((float)((double)rest * unit), x);
}
/// x mod y with the sign of y, as Python has it.
static float mod_f(float x, float y) {
  float r = fmod_f(x, y);
  if (r == 0.0f) return with_sign(r, y);
  return (r < 0.0f) != (y < 0.0f) ? r + y : r;
}
INLINE float max_f(float a, float b) { return ((a > b) | (a != a)) ? a : b; }
INLINE float min_f(float a, float b) { return ((a < b) | (a != a)) ? a : b; }

#define MAP(KIND, EXPRESSION)                   \
  case KIND:                                    \
    EACH for (size_t i = 0; i < n; i++) {       \
      const float v = x[i];                     \
      y[i] = (EXPRESSION);                      \
    }                                           \
    break;

// A block with an argument beyond the fast reduction goes one by one; each result depends on its argument alone.
#define MAP_CIRCULAR(KIND, FUNCTION)                                             \
  case KIND:                                                                     \
    for (size_t start = 0; start < n; start += 128) {                            \
      const size_t end = n - start < 128 ? n : start + 128;                      \
      uint32_t large = 0;                                                        \
      for (size_t i = start; i < end; i++) large |= absolute(x[i]) > CIRCULAR_LIMIT; \
      if (large) {                                                               \
        for (size_t i = start; i < end; i++) {                                   \
          const float a = absolute(x[i]);                                        \
          y[i] = ((a > CIRCULAR_LIMIT) & (a < INFINITE)) ? FUNCTION##_large(x[i]) : FUNCTION##_f(x[i]); \
        }                                                                        \
      } else {                                                                   \
        EACH for (size_t i = start; i < end; i++) y[i] = FUNCTION##_f(x[i]);     \
      }                                                                          \
    }                                                                            \
    break;

static void unary(enum unary_function kind, const float *x, float *y, size_t n, float first, float second) {
  switch (kind) {
    MAP(UNARY_ABS, absolute(v))
    MAP(UNARY_NEG, -v)
    MAP(UNARY_SIGN, sign_f(v))
    MAP(UNARY_RECIPROCAL, 1.0f / v)
    MAP(UNARY_SQRT, __builtin_sqrtf(v))
    MAP(UNARY_RSQRT, 1.0f / __builtin_sqrtf(v))
    MAP(UNARY_SQUARE, v * v)
    MAP(UNARY_FLOOR, __builtin_floorf(v))
    MAP(UNARY_CEIL, __builtin_ceilf(v))
    MAP(UNARY_ROUND, __builtin_rintf(v))
    MAP(UNARY_TRUNC, __builtin_truncf(v))
    MAP(UNARY_EXP, exp_f(v))
    MAP(UNARY_LOG, log_f(v))
    MAP_CIRCULAR(UNARY_SIN, sin)
    MAP_CIRCULAR(UNARY_COS, cos)
    MAP_CIRCULAR(UNARY_TAN, tan)
    MAP(UNARY_ASIN, asin_f(v))
    MAP(UNARY_ACOS, acos_f(v))
    MAP(UNARY_ATAN, atan_f(v))
    MAP(UNARY_SINH, sinh_f(v))
    MAP(UNARY_COSH, cosh_f(v))
    MAP(UNARY_TANH, tanh_f(v))
    MAP(UNARY_ASINH, asinh_f(v))
    MAP(UNARY_ACOSH, acosh_f(v))
    MAP(UNARY_ATANH, atanh_f(v))
    MAP(UNARY_ERF, erf_f(v))
    MAP(UNARY_SIGMOID, sigmoid_f(v))
    MAP(UNARY_SOFTPLUS, softplus_f(v))
    MAP(UNARY_RELU, v < 0.0f ? 0.0f : v)
    MAP(UNARY_CLIP, clip_f(v, first, second))
    MAP(UNARY_LEAKY_RELU, v < 0.0f ? v * first : v)
    MAP(UNARY_ELU, elu_f(v, first))
    MAP(UNARY_CELU, v > 0.0f ? v : v != v ? v : first * expm1_negative(v / first))
    MAP(UNARY_SELU, second * elu_f(v, first))
    MAP(UNARY_HARD_SIGMOID, clip_f(fma_f(v, first, second), 0.0f, 1.0f))
    MAP(UNARY_HARD_SWISH, v * clip_f(fma_f(v, 1.0f / 6.0f, 0.5f), 0.0f, 1.0f))
    MAP(UNARY_SOFTSIGN, v / (1.0f + absolute(v)))
    MAP(UNARY_MISH, mish_f(v))
    MAP(UNARY_GELU_ERF, gelu_erf(v))
    MAP(UNARY_GELU_TANH, gelu_tanh(v))
    MAP(UNARY_SWISH, v * sigmoid_f(first * v))
    MAP(UNARY_THRESHOLDED_RELU, v > first ? v : v != v ? v : 0.0f)
    MAP(UNARY_SHRINK, shrink_f(v, first, second))
    MAP(UNARY_AFFINE, fma_f(v, first, second))
  }
}

#define MAP_FORM(FORM, LEFT, RIGHT, EXPRESSION)  \
  case FORM:                                     \
    EACH for (size_t i = 0; i < n; i++) {        \
      const float u = LEFT, v = RIGHT;           \
      y[i] = clip_f((EXPRESSION), low, high);    \
    }                                            \
    break;

#define MAP_BINARY(KIND, EXPRESSION)                         \
  case KIND: {                                               \
    const float a0 = a[0], b0 = b[0];                        \
    switch (form) {                                          \
      MAP_FORM(VECTOR_VECTOR, a[i], b[i], EXPRESSION)        \
      MAP_FORM(VECTOR_SCALAR, a[i], b0, EXPRESSION)          \
      MAP_FORM(SCALAR_VECTOR, a0, b[i], EXPRESSION)          \
    }                                                        \
    break;                                                   \
  }

static void binary(enum binary_function kind, enum operand_form form, const float *a, const float *b, float *y,
                   size_t n, float low, float high) {
  if (n == 0) return;
  switch (kind) {
    MAP_BINARY(BINARY_ADD, u + v)
    MAP_BINARY(BINARY_SUB, u - v)
    MAP_BINARY(BINARY_MUL, u * v)
    MAP_BINARY(BINARY_DIV, u / v)
    MAP_BINARY(BINARY_POW, pow_f(u, v))
    MAP_BINARY(BINARY_MAX, max_f(u, v))
    MAP_BINARY(BINARY_MIN, min_f(u, v))
    MAP_BINARY(BINARY_PRELU, u < 0.0f ? u * v : u)
    case BINARY_MOD:
    case BINARY_FMOD: {
      const size_t left = form != SCALAR_VECTOR, right = form != VECTOR_SCALAR;
      const float a0 = a[0], b0 = b[0];
      for (size_t i = 0; i < n; i++) {
        const float u = left ? a[i] : a0, v = right ? b[i] : b0;
        y[i] = clip_f(kind == BINARY_MOD ? mod_f(u, v) : fmod_f(u, v), low, high);
      }
      break;
    }
  }
}

#define COMPARE_FORM(FORM, LEFT, RIGHT, OPERATOR)                                          \
  case FORM:                                                                               \
    EACH for (size_t i = 0; i < n; i++) y[i] = (LEFT) OPERATOR (RIGHT) ? 1 : 0;            \
    break;

#define MAP_COMPARE(KIND, OPERATOR)                       \
  case KIND:                                              \
    switch (form) {                                       \
      COMPARE_FORM(VECTOR_VECTOR, a[i], b[i], OPERATOR)   \
      COMPARE_FORM(VECTOR_SCALAR, a[i], b0, OPERATOR)     \
      COMPARE_FORM(SCALAR_VECTOR, a0, b[i], OPERATOR)     \
    }                                                     \
    break;

static void compare(enum compare_function kind, enum operand_form form, const float *a, const float *b, uint8_t *y,
                    size_t n) {
  if (n == 0) return;
  const float a0 = a[0], b0 = b[0];
  switch (kind) {
    MAP_COMPARE(COMPARE_EQUAL, ==)
    MAP_COMPARE(COMPARE_NOT_EQUAL, !=)
    MAP_COMPARE(COMPARE_LESS, <)
    MAP_COMPARE(COMPARE_LESS_EQUAL, <=)
    MAP_COMPARE(COMPARE_GREATER, >)
    MAP_COMPARE(COMPARE_GREATER_EQUAL, >=)
  }
}

static void is_nan(const float *x, uint8_t *y, size_t n) {
  EACH for (size_t i = 0; i < n; i++) y[i] = x[i] != x[i];
}

static void is_infinite(const float *x, uint8_t *y, size_t n, bool positive, bool negative) {
  const uint32_t up = positive ? 0x7f800000u : 0u, down = negative ? 0xff800000u : 0u;
  EACH for (size_t i = 0; i < n; i++) {
    const uint32_t bits = float_bits(x[i]);
    y[i] = (((bits == up) & (up != 0)) | ((bits == down) & (down != 0))) ? 1 : 0;
  }
}
