// Thin shims around libpng, libjpeg-turbo and zlib: plain functions that take bytes and fill buffers of the caller.
// Every function that can fail returns 0 on success and writes a message of at most `message_size` bytes otherwise.
#ifndef EDGEOPT_CODECS_H
#define EDGEOPT_CODECS_H

#include <stddef.h>
#include <stdint.h>

/// What an image's header says. `bits` is 8 or 16: smaller depths and palettes are expanded when decoding.
typedef struct {
  uint32_t width;
  uint32_t height;
  /// 1 gray, 3 red-green-blue. Alpha is dropped when decoding.
  uint32_t channels;
  uint32_t bits;
} codec_image_header;

enum { CODEC_OK = 0, CODEC_FAILED = 1 };

int codec_png_header(const uint8_t *bytes, size_t count, codec_image_header *header, char *message,
                     size_t message_size);
/// Fills `pixels` (height × width × channels elements of bits/8 bytes in the machine's order, row by row).
int codec_png_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t pixels_size, char *message,
                     size_t message_size);

int codec_jpeg_header(const uint8_t *bytes, size_t count, codec_image_header *header, char *message,
                      size_t message_size);
int codec_jpeg_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t pixels_size, char *message,
                      size_t message_size);

/// The CRC-32 of zip files, continued from `crc` (0 to start).
uint32_t codec_crc32(uint32_t crc, const uint8_t *bytes, size_t count);

/// A raw deflate stream being read.
typedef struct codec_inflater codec_inflater;
codec_inflater *codec_inflate_start(const uint8_t *bytes, size_t count);
/// Fills up to `size` bytes; `*filled` says how many came. Fewer than asked means that the stream is at its end.
/// Returns CODEC_FAILED when the stream is corrupt or cut off.
int codec_inflate_next(codec_inflater *inflater, uint8_t *target, size_t size, size_t *filled);
void codec_inflate_end(codec_inflater *inflater);

/// Compresses to a raw deflate stream; returns its size, 0 when `capacity` does not suffice.
size_t codec_deflate(const uint8_t *bytes, size_t count, uint8_t *target, size_t capacity);
/// The size of a zlib stream of the bytes at the best level; 0 when there is no memory for it.
size_t codec_compressed_size(const uint8_t *bytes, size_t count);

/// Element types as the element functions know them.
enum {
  CODEC_U8, CODEC_I8, CODEC_U16, CODEC_I16, CODEC_U32, CODEC_I32, CODEC_U64, CODEC_I64, CODEC_F16, CODEC_F32,
  CODEC_F64
};
/// Converts `count` elements, which may be unaligned, to float32 (rounding to nearest even where it must).
void codec_to_float(int type, const void *source, float *target, size_t count);
/// Copies `count` elements of `width` bytes with their bytes reversed.
void codec_swap_bytes(const void *source, void *target, size_t width, size_t count);
/// Copies `count` elements of `width` bytes that stand `stride` bytes apart in the source.
void codec_gather(const void *source, size_t stride, void *target, size_t width, size_t count);
/// x = ((x * numerator / denominator) - mean[c]) / deviation[c] in float32, in this order of operations, over
/// `outer` × `channels` × `inner` elements. A step that would not change anything is left out.
void codec_normalize(float *elements, size_t outer, size_t channels, size_t inner, float numerator,
                     float denominator, const float *mean, const float *deviation);
/// The bits of the float16 nearest to `value`.
uint16_t codec_half_bits(float value);

#endif
