// The fused multiply-add peak of this machine: what no matrix kernel can exceed. Prints GFLOP/s.
// usage: peak THREADS
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { iterations = 20000000, chains = 12 };

#if defined(__x86_64__)
#include <immintrin.h>

#define CHAINS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
#define DECLARE(i) VECTOR a##i = SET1(i);
#define STEP(i) a##i = FMA(a##i, b, c);
#define KEEP(i) __asm__ volatile("" : "+v"(a##i));
#define BODY                                                          \
  CHAINS(DECLARE)                                                     \
  VECTOR b = SET1(0.5f), c = SET1(1.0f);                              \
  for (long i = 0; i < iterations; i++) { CHAINS(STEP) CHAINS(KEEP) }

__attribute__((target("avx512f"))) static void run_avx512(void) {
#define VECTOR __m512
#define SET1 _mm512_set1_ps
#define FMA _mm512_fmadd_ps
  BODY
#undef VECTOR
#undef SET1
#undef FMA
}

__attribute__((target("avx2,fma"))) static void run_avx2(void) {
#define VECTOR __m256
#define SET1 _mm256_set1_ps
#define FMA _mm256_fmadd_ps
  BODY
}

static int lanes(void) { return __builtin_cpu_supports("avx512f") ? 16 : 8; }
static void run(void) { lanes() == 16 ? run_avx512() : run_avx2(); }
#else
#include <arm_neon.h>

static int lanes(void) { return 4; }
static void run(void) {
  float32x4_t a[chains], b = vdupq_n_f32(0.5f), c = vdupq_n_f32(1.0f);
  for (int k = 0; k < chains; k++) a[k] = vdupq_n_f32(k);
  for (long i = 0; i < iterations; i++)
    for (int k = 0; k < chains; k++) {
      a[k] = vfmaq_f32(c, a[k], b);
      __asm__ volatile("" : "+w"(a[k]));
    }
}
#endif

static void *worker(void *unused) {
  run();
  return unused;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

int main(int count, char **words) {
  int threads = count > 1 ? atoi(words[1]) : 1;
  pthread_t workers[64];
  if (threads < 1 || threads > 64) return 64;
  double started = seconds();
  for (int t = 0; t < threads; t++) pthread_create(&workers[t], NULL, worker, NULL);
  for (int t = 0; t < threads; t++) pthread_join(workers[t], NULL);
  double elapsed = seconds() - started;
  printf("%.1f\n", 2.0 * threads * iterations * chains * lanes() / elapsed / 1e9);
  return 0;
}
