#include "codecs.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

uint32_t codec_crc32(uint32_t crc, const uint8_t *bytes, size_t count) {
  return (uint32_t)crc32_z(crc, bytes, count);
}

struct codec_inflater {
  z_stream stream;
  const uint8_t *bytes;
  size_t remaining;
  int finished;
};

codec_inflater *codec_inflate_start(const uint8_t *bytes, size_t count) {
  codec_inflater *inflater = calloc(1, sizeof *inflater);
  if (!inflater) return NULL;
  if (inflateInit2(&inflater->stream, -MAX_WBITS) != Z_OK) {
    free(inflater);
    return NULL;
  }
  inflater->bytes = bytes;
  inflater->remaining = count;
  return inflater;
}

int codec_inflate_next(codec_inflater *inflater, uint8_t *target, size_t size, size_t *filled) {
  z_stream *stream = &inflater->stream;
  *filled = 0;
  while (*filled < size && !inflater->finished) {
    if (stream->avail_in == 0 && inflater->remaining > 0) {
      size_t step = inflater->remaining < INT_MAX ? inflater->remaining : INT_MAX;
      stream->next_in = (Bytef *)inflater->bytes;
      stream->avail_in = (uInt)step;
      inflater->bytes += step;
      inflater->remaining -= step;
    }
    size_t room = size - *filled < INT_MAX ? size - *filled : INT_MAX;
    stream->next_out = target + *filled;
    stream->avail_out = (uInt)room;
    int status = inflate(stream, Z_NO_FLUSH);
    *filled += room - stream->avail_out;
    if (status == Z_STREAM_END) inflater->finished = 1;
    else if (status != Z_OK) return CODEC_FAILED;
  }
  return CODEC_OK;
}

void codec_inflate_end(codec_inflater *inflater) {
  if (!inflater) return;
  inflateEnd(&inflater->stream);
  free(inflater);
}

size_t codec_deflate(const uint8_t *bytes, size_t count, uint8_t *target, size_t capacity) {
  if (count > UINT_MAX || capacity > UINT_MAX) return 0;
  z_stream stream = {0};
  if (deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
  stream.next_in = (Bytef *)bytes;
  stream.avail_in = (uInt)count;
  stream.next_out = target;
  stream.avail_out = (uInt)capacity;
  int status = deflate(&stream, Z_FINISH);
  size_t size = status == Z_STREAM_END ? stream.total_out : 0;
  deflateEnd(&stream);
  return size;
}

size_t codec_compressed_size(const uint8_t *bytes, size_t count) {
  z_stream stream = {0};
  if (deflateInit(&stream, Z_BEST_COMPRESSION) != Z_OK) return 0;
  uint8_t discarded[1 << 14];
  size_t size = 0;
  int status = Z_OK;
  while (status == Z_OK || status == Z_BUF_ERROR) {
    if (stream.avail_in == 0 && count > 0) {
      size_t step = count < INT_MAX ? count : INT_MAX;
      stream.next_in = (Bytef *)bytes;
      stream.avail_in = (uInt)step;
      bytes += step;
      count -= step;
    }
    stream.next_out = discarded;
    stream.avail_out = sizeof discarded;
    status = deflate(&stream, count > 0 ? Z_NO_FLUSH : Z_FINISH);
    size += sizeof discarded - stream.avail_out;
  }
  deflateEnd(&stream);
  return status == Z_STREAM_END ? size : 0;
}
