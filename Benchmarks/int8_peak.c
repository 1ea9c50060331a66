// What edgeopt's integer kernels reach with everything in registers or in the nearest cache: products of bytes, and
// requantizations of int32 sums. Prints both in thousand millions per second.
// usage: int8_peak THREADS; built from this file and Sources/CKernels/*.c
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "CKernels.h"

// Short trials, the best of which was not interrupted.
enum { trials = 200, product_rounds = 200000, rows = 64, columns = 64, passes = 500 };

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

/// The fastest set that runs here, with dot products if there are any.
static const struct int8_kernels *fastest_kernels(void) {
  const struct kernel_set *fastest = kernel_set_at(0);
  for (size_t i = 0; i < kernel_set_count(); i++) {
    if (kernel_set_runs_here(kernel_set_at(i))) fastest = kernel_set_at(i);
  }
  return fastest->int8_dot && kernel_set_has_dot_products(fastest) ? fastest->int8_dot : fastest->int8;
}

static const struct int8_kernels *kernels;

static void *multiply(void *count) {
  *(double *)count = kernels->exercise(product_rounds);
  return NULL;
}

static void *requantize(void *count) {
  static int32_t sums[rows * columns], multipliers[columns], shifts[columns];
  int8_t results[rows * columns];
  for (int i = 0; i < columns; i++) multipliers[i] = (1 << 30) + 12345 * i, shifts[i] = -8;
  const struct int8_requantization work = {.x = sums, .rows = rows, .columns = columns, .x_stride = columns, .y = results,
                                           .y_stride = columns, .multipliers = multipliers, .shifts = shifts,
                                           .zero_point = -3, .low = -128, .high = 127};
  for (int i = 0; i < passes; i++) kernels->requantize(&work);
  *(double *)count = (double)rows * columns * passes;
  return NULL;
}

static double best_rate(void *(*work)(void *), int threads) {
  pthread_t workers[64];
  double counts[64], best = 0;
  for (int trial = 0; trial < trials; trial++) {
    const double started = seconds();
    for (int t = 0; t < threads; t++) pthread_create(&workers[t], NULL, work, &counts[t]);
    double count = 0;
    for (int t = 0; t < threads; t++) pthread_join(workers[t], NULL), count += counts[t];
    const double rate = count / (seconds() - started);
    if (rate > best) best = rate;
  }
  return best / 1e9;
}

int main(int count, char **words) {
  const int threads = count > 1 ? atoi(words[1]) : 1;
  if (threads < 1 || threads > 64) return 64;
  kernels = fastest_kernels();
  printf("%.1f %.2f\n", best_rate(multiply, threads), best_rate(requantize, threads));
  return 0;
}
