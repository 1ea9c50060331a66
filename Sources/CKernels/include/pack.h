// Rearranging: copies that bring operands into the order of the kernels.
#ifndef CKERNELS_PACK_H
#define CKERNELS_PACK_H

#include <stddef.h>

/// One panel of `inner` rows of GEMM_PANEL columns, of which `width` exist and the rest becomes 0.
void pack_panel(const float *_Nonnull source, size_t inner, size_t width, size_t row_stride, size_t column_stride,
                float *_Nonnull panel);

/// `lines` dense lines of `length` floats, each with `before` zeros in front and `after` behind.
void pad_lines(const float *_Nonnull source, size_t lines, size_t length, size_t before, size_t after,
               float *_Nonnull target);

/// target[i * times + j] = source[i].
void repeat_each(const float *_Nonnull source, size_t count, size_t times, float *_Nonnull target);

/// target[j * rows + i] = source[i * columns + j].
void transpose_matrix(const float *_Nonnull source, size_t rows, size_t columns, float *_Nonnull target);

/// pointers[i] = base + i * stride.
void fill_pointers(const float *_Nonnull base, size_t count, size_t stride,
                   const float *_Nonnull *_Nonnull pointers);

#endif
