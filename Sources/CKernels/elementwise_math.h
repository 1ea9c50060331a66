// Transcendental functions of our own: branch-free scalar code that the compiler vectorizes. No libm.
// Included once per instruction set, between `#pragma clang attribute push/pop`.
//
// The polynomials interpolate at Chebyshev nodes. Functions that matter for speed stay in float (about 1 ulp each);
// the others compute in double and round once.

#define INLINE static inline __attribute__((always_inline, unused))

INLINE uint32_t float_bits(float x) { union { float f; uint32_t u; } v = {.f = x}; return v.u; }
INLINE float bits_float(uint32_t u) { union { uint32_t u; float f; } v = {.u = u}; return v.f; }
INLINE uint64_t double_bits(double x) { union { double f; uint64_t u; } v = {.f = x}; return v.u; }
INLINE double bits_double(uint64_t u) { union { uint64_t u; double f; } v = {.u = u}; return v.f; }

INLINE float absolute(float x) { return bits_float(float_bits(x) & 0x7fffffffu); }
INLINE double absolute_d(double x) { return bits_double(double_bits(x) & 0x7fffffffffffffffu); }
INLINE float with_sign(float magnitude, float sign) {
  return bits_float((float_bits(magnitude) & 0x7fffffffu) | (float_bits(sign) & 0x80000000u));
}
INLINE double with_sign_d(double magnitude, double sign) {
  return bits_double((double_bits(magnitude) & 0x7fffffffffffffffu) | (double_bits(sign) & 0x8000000000000000u));
}
INLINE float fma_f(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
INLINE double fma_d(double a, double b, double c) { return __builtin_fma(a, b, c); }
#define NOT_A_NUMBER __builtin_nanf("")
#define INFINITE __builtin_inff()

// Adding these rounds to an integer (half to even) and leaves it in the low bits.
#define ROUNDING_F 0x1.8p23f
#define ROUNDING_D 0x1.8p52

// MARK: exp

/// x = n ln2 + r; gives e^r - 1 and 2^n as two factors, since n may leave the exponent range.
INLINE float exp_parts(float x, float *half, float *rest) {
  float k = fma_f(x, 0x1.715476p+0f, ROUNDING_F);
  float n = k - ROUNDING_F;
  float r = fma_f(n, -0x1.63p-1f, x);
  r = fma_f(n, 0x1.bd0106p-13f, r);
  float p = 0x1.6d1106p-10f;
  p = fma_f(p, r, 0x1.120b6cp-7f);
  p = fma_f(p, r, 0x1.55551ap-5f);
  p = fma_f(p, r, 0x1.5554dcp-3f);
  p = fma_f(p, r, 0.5f);
  p = fma_f(p, r * r, r);
  int32_t i = (int32_t)(float_bits(k) - float_bits(ROUNDING_F));
  int32_t first = i >> 1;
  *half = bits_float((uint32_t)(first + 127) << 23);
  *rest = bits_float((uint32_t)(i - first + 127) << 23);
  return p;
}

INLINE float exp_f(float x) {
  x = x > 89.0f ? 89.0f : x;
  x = x < -104.0f ? -104.0f : x;
  float half, rest;
  float p = exp_parts(x, &half, &rest);
  return (1.0f + p) * half * rest;
}

/// e^x - 1 for x <= 0.
INLINE float expm1_negative(float x) {
  x = x < -30.0f ? -30.0f : x;
  float half, rest;
  float p = exp_parts(x, &half, &rest);
  float scale = half * rest;
  return fma_f(scale, p, scale - 1.0f);
}

/// Exact to about 1 ulp of double for |x| <= 700; beyond, far outside float's range.
INLINE double exp_d(double x) {
  x = x > 700.0 ? 700.0 : x;
  x = x < -700.0 ? -700.0 : x;
  double k = fma_d(x, 0x1.71547652b82fep+0, ROUNDING_D);
  double n = k - ROUNDING_D;
  double r = fma_d(n, -0x1.62e42fefa39efp-1, x);
  r = fma_d(n, -0x1.abc9e3b39803fp-56, r);
  double p = 0x1.af38a71a18cb9p-26;
  p = fma_d(p, r, 0x1.2891834686c7ep-22);
  p = fma_d(p, r, 0x1.71de0daf7a6ccp-19);
  p = fma_d(p, r, 0x1.a019b90eefe8ep-16);
  p = fma_d(p, r, 0x1.a01a01a7c3d59p-13);
  p = fma_d(p, r, 0x1.6c16c1788b646p-10);
  p = fma_d(p, r, 0x1.11111111109b4p-7);
  p = fma_d(p, r, 0x1.5555555553d64p-5);
  p = fma_d(p, r, 0x1.5555555555556p-3);
  p = fma_d(p, r, 0.5);
  p = fma_d(p, r * r, r);
  return (1.0 + p) * bits_double((double_bits(k) << 52) + ((uint64_t)1023 << 52));
}

// MARK: log

/// Natural logarithm of a positive normal double; 0 gives a large negative number.
INLINE double log_positive(double x) {
  uint64_t shifted = double_bits(x) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
  double e = bits_double((shifted >> 52) | 0x4330000000000000u) - (0x1p52 + 1023.0);
  double m = bits_double((shifted & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu);
  double f = (m - 1.0) / (m + 1.0);
  double s = f * f;
  double p = 0x1.2b5b5fc28d1cbp-3;
  p = fma_d(p, s, 0x1.39fe208ab4655p-3);
  p = fma_d(p, s, 0x1.7462b697134e2p-3);
  p = fma_d(p, s, 0x1.c71c62debf470p-3);
  p = fma_d(p, s, 0x1.2492492df694cp-2);
  p = fma_d(p, s, 0x1.99999999952b2p-2);
  p = fma_d(p, s, 0x1.5555555555558p-1);
  p = fma_d(p, s, 2.0);
  return fma_d(e, 0x1.62e42fefa39efp-1, f * p);
}

/// With the special cases: log(0) = -inf, log(negative) = NaN, log(inf) = inf.
INLINE double log_d(double x) {
  double y = log_positive(x);
  y = x == 0.0 ? -(double)INFINITE : y;
  y = x == (double)INFINITE ? x : y;
  return x >= 0.0 ? y : (double)NOT_A_NUMBER;
}

/// log(1 + u): the rounding of 1 + u is added back.
INLINE double log1p_d(double u) {
  double y = 1.0 + u;
  double lost = u - (y - 1.0);
  double inside = log_d(y) + (y > 0.0 && y < 0x1p1000 ? lost / y : 0.0);
  return inside;
}

INLINE float log_f(float x) { return (float)log_d((double)x); }

// MARK: pow

INLINE float pow_f(float x, float y) {
  float magnitude = absolute(x);
  double p = (double)y * log_d((double)magnitude);
  float r = (float)exp_d(p);
  float half = y * 0.5f;
  int whole = __builtin_floorf(y) == y;
  int odd = whole & (__builtin_floorf(half) != half) & (absolute(y) < 0x1p24f);
  r = ((magnitude == 1.0f) & (y == y)) ? 1.0f : r;
  uint32_t flip = float_bits(x) & (odd ? 0x80000000u : 0u);
  r = bits_float(float_bits(r) ^ flip);
  int undefined = (x < 0.0f) & (magnitude < INFINITE) & !whole & (absolute(y) < INFINITE);
  r = undefined ? NOT_A_NUMBER : r;
  r = ((x != x) | (y != y)) ? x + y : r;
  return ((y == 0.0f) | (x == 1.0f)) ? 1.0f : r;
}

// MARK: tanh and the sigmoids

INLINE float tanh_f(float x) {
  float a = absolute(x);
  float s = x * x;
  float p = 0x1.2977d6p-9f;
  p = fma_f(p, s, -0x1.10bbf4p-7f);
  p = fma_f(p, s, 0x1.648e8ep-6f);
  p = fma_f(p, s, -0x1.ba0718p-5f);
  p = fma_f(p, s, 0x1.1110e4p-3f);
  p = fma_f(p, s, -0x1.555556p-2f);
  float small = fma_f(p * s, a, a);
  float large = 1.0f - 2.0f / (exp_f(a + a) + 1.0f);
  return with_sign(a < 0.625f ? small : large, x);
}

INLINE float sigmoid_f(float x) {
  float e = exp_f(-absolute(x));
  return (x >= 0.0f ? 1.0f : e) / (1.0f + e);
}

INLINE float softplus_f(float x) {
  double d = (double)x;
  double e = exp_d(-absolute_d(d));
  return (float)((d > 0.0 ? d : d != d ? d : 0.0) + log1p_d(e));
}

INLINE float mish_f(float x) {
  double e = exp_d((double)(x > 80.0f ? 80.0f : x));
  double n = e * (e + 2.0);
  return (float)((double)x * (n / (n + 2.0)));
}

// MARK: erf

/// erfc(z) for z >= 0: exp(-z^2) t Q(t) with t = 1 / (1 + z/3). `square` + `lost` are z^2, unrounded: the exponential
/// would multiply an error of z^2. Good to a few ulp down to the denormals.
INLINE float erfc_positive(float z, float square, float lost) {
  // Beyond, the exponential is zero.
  lost = z > 10.5f ? 0.0f : lost;
  z = z > 10.5f ? 10.5f : z;
  float t = 3.0f / (3.0f + z);
  float q = 0x1.d1c728p-5f;
  q = fma_f(q, t, -0x1.3170e8p-2f);
  q = fma_f(q, t, 0x1.199b3ep-1f);
  q = fma_f(q, t, -0x1.d714d8p-2f);
  q = fma_f(q, t, 0x1.ad19b6p-2f);
  q = fma_f(q, t, -0x1.4d7102p-7f);
  q = fma_f(q, t, 0x1.8f4cf4p-3f);
  q = fma_f(q, t, 0x1.5dd8dcp-3f);
  q = fma_f(q, t, 0x1.8293a6p-3f);
  q = fma_f(q, t, 0x1.8116f2p-3f);
  q = q * t;
  return exp_f(-square) * fma_f(-lost, q, q);
}

INLINE float erf_f(float x) {
  float a = absolute(x);
  float s = x * x;
  float p = 0x1.65bfc0p-14f;
  p = fma_f(p, s, -0x1.acd92ap-11f);
  p = fma_f(p, s, 0x1.551070p-8f);
  p = fma_f(p, s, -0x1.b815ccp-6f);
  p = fma_f(p, s, 0x1.ce2e5cp-4f);
  p = fma_f(p, s, -0x1.812744p-2f);
  p = fma_f(p, s, 0x1.06eba8p-3f);
  float small = fma_f(p, a, a);
  float large = 1.0f - erfc_positive(a, s, fma_f(x, x, -s));
  return with_sign(a < 0.9f ? small : large, x);
}

INLINE float gelu_erf(float x) {
  float square = x * x;
  float lost = fma_f(x, x, -square);
  float tail = 0.5f * erfc_positive(absolute(x) * 0x1.6a09e6p-1f, 0.5f * square, 0.5f * lost);
  return x * (x < 0.0f ? tail : 1.0f - tail);
}

INLINE float gelu_tanh(float x) {
  float inner = fma_f(0.044715f * x * x, x, x);
  return x * sigmoid_f(0x1.988454p+0f * inner);
}

// MARK: circular functions

/// sin and cos of r + q π/2 for |r| <= π/4.
INLINE double sin_reduced(double r) {
  double s = r * r;
  double p = 0x1.5e0b0957a55b3p-33;
  p = fma_d(p, s, -0x1.ae600ad458442p-26);
  p = fma_d(p, s, 0x1.71de37965d42dp-19);
  p = fma_d(p, s, -0x1.a01a019e8387fp-13);
  p = fma_d(p, s, 0x1.1111111110bb2p-7);
  p = fma_d(p, s, -0x1.5555555555555p-3);
  return fma_d(p * s, r, r);
}
INLINE double cos_reduced(double r) {
  double s = r * r;
  double p = 0x1.1c06386f32ce2p-29;
  p = fma_d(p, s, -0x1.27e0f54d322e0p-22);
  p = fma_d(p, s, 0x1.a019fc7af7b68p-16);
  p = fma_d(p, s, -0x1.6c16c1691d493p-10);
  p = fma_d(p, s, 0x1.5555555554134p-5);
  p = fma_d(p, s, -0x1.ffffffffffffap-2);
  return fma_d(p, s, 1.0);
}
INLINE float sin_quadrant(double r, uint64_t q) {
  double y = q & 1 ? cos_reduced(r) : sin_reduced(r);
  return (float)bits_double(double_bits(y) ^ ((q & 2) << 62));
}
INLINE float cos_quadrant(double r, uint64_t q) { return sin_quadrant(r, q + 1); }
INLINE float tan_quadrant(double r, uint64_t q) {
  double s = sin_reduced(r), c = cos_reduced(r);
  double y = (q & 1 ? c : s) / (q & 1 ? -s : c);
  return (float)y;
}

// Up to here n = x 2/π fits the three-part reduction; larger arguments take the exact one.
#define CIRCULAR_LIMIT 0x1p24f

INLINE double reduce_circle(float x, uint64_t *q) {
  double d = (double)x;
  double k = fma_d(d, 0x1.45f306dc9c883p-1, ROUNDING_D);
  double n = k - ROUNDING_D;
  double r = fma_d(n, -0x1.921fb54442d18p+0, d);
  r = fma_d(n, -0x1.1a62633145c07p-54, r);
  *q = double_bits(k);
  return r;
}

/// Exact for every finite float: multiplies the 24-bit significand with the bits of 2/π that matter.
static double reduce_circle_large(float x, uint64_t *q) {
  // 2/π, most significant bit first.
  static const uint64_t digits[4] = {0xa2f9836e4e441529u, 0xfc2757d1f534ddc0u, 0xdb6295993c439041u,
                                     0xfe5163abdebbc561u};
  uint32_t bits = float_bits(x);
  uint32_t exponent = ((bits >> 23) & 0xffu) - 150u;
  uint32_t significand = (bits & 0x7fffffu) | 0x800000u;
  // A window of 96 bits: 2 integer bits and 94 fraction bits of 2^exponent 2/π.
  uint32_t start = exponent < 2 ? 0 : exponent - 2;
  uint32_t word = start / 64, shift = start % 64;
  unsigned __int128 upper = (unsigned __int128)digits[word] << 64 | digits[word + 1];
  uint64_t next = word + 2 < 4 ? digits[word + 2] : 0;
  if (shift) upper = upper << shift | next >> (64 - shift);
  upper >>= 32;
  if (exponent < 2) upper >>= 2 - exponent;
  unsigned __int128 product = (upper * significand) << 32;
  uint64_t quadrant = (uint64_t)(product >> 126);
  unsigned __int128 fraction = product << 2;
  // To the nearest quadrant: a fraction of one half or more counts down from the next.
  int negative = (int)(fraction >> 127);
  if (negative) {
    quadrant += 1;
    fraction = (unsigned __int128)0 - fraction;
  }
  double r = ((double)(uint64_t)(fraction >> 64) * 0x1p-64 + (double)(uint64_t)fraction * 0x1p-128)
             * 0x1.921fb54442d18p+0;
  if (negative) r = -r;
  if (bits >> 31) {
    r = -r;
    quadrant = (uint64_t)0 - quadrant;
  }
  *q = quadrant;
  return r;
}

INLINE float sin_f(float x) { uint64_t q; double r = reduce_circle(x, &q); return sin_quadrant(r, q); }
INLINE float cos_f(float x) { uint64_t q; double r = reduce_circle(x, &q); return cos_quadrant(r, q); }
INLINE float tan_f(float x) { uint64_t q; double r = reduce_circle(x, &q); return tan_quadrant(r, q); }
static float sin_large(float x) { uint64_t q; double r = reduce_circle_large(x, &q); return sin_quadrant(r, q); }
static float cos_large(float x) { uint64_t q; double r = reduce_circle_large(x, &q); return cos_quadrant(r, q); }
static float tan_large(float x) { uint64_t q; double r = reduce_circle_large(x, &q); return tan_quadrant(r, q); }

// MARK: inverse circular functions

INLINE double atan_d(double x) {
  double a = absolute_d(x);
  int steep = a > 1.0;
  double z = steep ? 1.0 / a : a;
  double s = z * z;
  double p = 0x1.fb935060d0053p-13;
  p = fma_d(p, s, -0x1.010222f76a9cbp-9);
  p = fma_d(p, s, 0x1.e8b766e96afdcp-8);
  p = fma_d(p, s, -0x1.26a4e0f092761p-6);
  p = fma_d(p, s, 0x1.03579a9563875p-5);
  p = fma_d(p, s, -0x1.703acaaf86a91p-5);
  p = fma_d(p, s, 0x1.cb4cb360152afp-5);
  p = fma_d(p, s, -0x1.0e22e26ce6515p-4);
  p = fma_d(p, s, 0x1.3a8c2588efa86p-4);
  p = fma_d(p, s, -0x1.744cee6b2dd96p-4);
  p = fma_d(p, s, 0x1.c71b462fa52dcp-4);
  p = fma_d(p, s, -0x1.2492436ad1733p-3);
  p = fma_d(p, s, 0x1.999999835003cp-3);
  p = fma_d(p, s, -0x1.555555554e123p-2);
  double y = fma_d(p * s, z, z);
  y = steep ? 0x1.921fb54442d18p+0 - y : y;
  return with_sign_d(y, x);
}
INLINE float atan_f(float x) { return (float)atan_d((double)x); }
INLINE float asin_f(float x) {
  double d = (double)x;
  return (float)atan_d(d / __builtin_sqrt((1.0 - d) * (1.0 + d)));
}
INLINE float acos_f(float x) {
  double d = (double)x;
  return (float)(2.0 * atan_d(__builtin_sqrt((1.0 - d) / (1.0 + d))));
}

// MARK: hyperbolic functions

INLINE float sinh_f(float x) {
  double d = (double)x;
  double e = exp_d(absolute_d(d));
  double y = 0.5 * (e - 1.0 / e);
  double a = absolute_d(d);
  y = a < 1e-4 ? fma_d(a * a, a * (1.0 / 6.0), a) : y;
  return (float)with_sign_d(y, d);
}
INLINE float cosh_f(float x) {
  double e = exp_d(absolute_d((double)x));
  return (float)(0.5 * (e + 1.0 / e));
}
INLINE float asinh_f(float x) {
  double a = absolute_d((double)x);
  double s = a * a;
  double y = log1p_d(a + s / (1.0 + __builtin_sqrt(s + 1.0)));
  y = a == (double)INFINITE ? a : y;
  return (float)with_sign_d(y, (double)x);
}
INLINE float acosh_f(float x) {
  double t = (double)x - 1.0;
  return (float)log1p_d(t + __builtin_sqrt(t * (t + 2.0)));
}
INLINE float atanh_f(float x) {
  double a = absolute_d((double)x);
  double y = 0.5 * log1p_d(2.0 * a / (1.0 - a));
  return (float)with_sign_d(y, (double)x);
}
