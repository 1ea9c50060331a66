#include "gemm.h"

#include "scalar.h"

static void multiply_ref(const struct gemm_block *block) {
  const size_t length = block->taps * block->depth;
  for (size_t i = 0; i < block->rows; i++) {
    for (size_t j = 0; j < block->columns; j++) {
      const float *b = block->b + j / GEMM_PANEL * GEMM_PANEL * length + j % GEMM_PANEL;
      float sum = block->bias ? block->bias[j] : 0;
      for (size_t tap = 0; tap < block->taps; tap++) {
        const float *a = block->a[tap * block->a_stride + i];
        for (size_t k = 0; k < block->depth; k++) {
          sum = scalar_fma(a[k], *b, sum);
          b += GEMM_PANEL;
        }
      }
      if (block->addend) sum += block->addend[i * block->addend_stride + j];
      block->c[i * block->c_stride + j] = scalar_clamp(sum, block->low, block->high);
    }
  }
}

static void multiply_chunks_ref(const struct gemm_chunks *block) {
  for (size_t i = 0; i < block->rows; i++) {
    for (size_t j = 0; j < block->columns; j++) {
      const float *b = block->b + j / GEMM_PANEL * GEMM_PANEL * block->depth + j % GEMM_PANEL;
      float sum = block->bias ? block->bias[j] : 0;
      for (size_t k = 0; k < block->depth; k++) {
        const float *chunk = block->a + k / GEMM_CHUNK * block->a_chunk;
        sum = scalar_fma(chunk[i * GEMM_CHUNK + k % GEMM_CHUNK], b[k * GEMM_PANEL], sum);
      }
      block->c[i * block->c_stride + j] = sum;
    }
  }
}

static double exercise_fma_ref(size_t count) {
  float sums[8];
  for (int i = 0; i < 8; i++) sums[i] = (float)i;
  for (size_t round = 0; round < count; round++) {
    for (int i = 0; i < 8; i++) {
      sums[i] = scalar_fma(sums[i], 0.5f, 1);
      __asm__ volatile("" : "+m"(sums[i]));
    }
  }
  return (double)count * 8 * 2;
}

const struct gemm_kernels gemm_kernels_ref = {multiply_ref, multiply_chunks_ref, exercise_fma_ref};

#include "vector_end.h"
