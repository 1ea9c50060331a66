#include "codecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>
#include <png.h>

// MARK: PNG

typedef struct {
  const uint8_t *bytes;
  size_t count;
  size_t position;
  char *message;
  size_t message_size;
} png_input;

static void png_input_read(png_structp png, png_bytep target, size_t size) {
  png_input *input = png_get_io_ptr(png);
  if (size > input->count - input->position) png_error(png, "the file ends too early");
  memcpy(target, input->bytes + input->position, size);
  input->position += size;
}

static void png_on_error(png_structp png, png_const_charp text) {
  png_input *input = png_get_error_ptr(png);
  snprintf(input->message, input->message_size, "%s", text);
  png_longjmp(png, 1);
}

static void png_on_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static png_structp png_open(png_input *input) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, input, png_on_error, png_on_warning);
  if (!png) return NULL;
  png_set_read_fn(png, input, png_input_read);
  // Text and color profiles are not wanted; what is kept in memory stays small whatever the file claims.
  png_set_user_limits(png, 1u << 20, 1u << 20);
  png_set_chunk_cache_max(png, 64);
  png_set_chunk_malloc_max(png, 1u << 20);
  return png;
}

int codec_png_header(const uint8_t *bytes, size_t count, codec_image_header *header, char *message,
                     size_t message_size) {
  png_input input = {bytes, count, 0, message, message_size};
  png_structp png = png_open(&input);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    if (png) png_destroy_read_struct(&png, NULL, NULL);
    snprintf(message, message_size, "out of memory");
    return CODEC_FAILED;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return CODEC_FAILED;
  }
  png_read_info(png, info);
  header->width = png_get_image_width(png, info);
  header->height = png_get_image_height(png, info);
  header->channels = png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR ? 3 : 1;
  header->bits = png_get_bit_depth(png, info) == 16 ? 16 : 8;
  png_destroy_read_struct(&png, &info, NULL);
  return CODEC_OK;
}

int codec_png_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t pixels_size, char *message,
                     size_t message_size) {
  png_input input = {bytes, count, 0, message, message_size};
  png_structp png = png_open(&input);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    if (png) png_destroy_read_struct(&png, NULL, NULL);
    snprintf(message, message_size, "out of memory");
    return CODEC_FAILED;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return CODEC_FAILED;
  }
  png_read_info(png, info);
  int color = png_get_color_type(png, info);
  int depth = png_get_bit_depth(png, info);
  if (color == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (color == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png);
  png_set_strip_alpha(png);
  if (depth == 16) png_set_swap(png);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  size_t row = png_get_rowbytes(png, info);
  size_t height = png_get_image_height(png, info);
  if (row == 0 || height > pixels_size / row || row * height != pixels_size)
    png_error(png, "the header changed its mind about the size");
  for (int pass = 0; pass < passes; pass++)
    for (size_t y = 0; y < height; y++) png_read_row(png, pixels + y * row, NULL);
  png_read_end(png, NULL);
  png_destroy_read_struct(&png, &info, NULL);
  return CODEC_OK;
}

// MARK: JPEG

// A progressive file may hold any number of scans, each as costly as the image is large.
enum { MAXIMUM_SCANS = 200 };

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf escape;
  char *message;
  size_t message_size;
} jpeg_errors;

static void jpeg_on_error(j_common_ptr common) {
  jpeg_errors *errors = (jpeg_errors *)common->err;
  char text[JMSG_LENGTH_MAX];
  (*common->err->format_message)(common, text);
  snprintf(errors->message, errors->message_size, "%s", text);
  longjmp(errors->escape, 1);
}

static void jpeg_on_message(j_common_ptr common, int level) {
  if (level != -1) return;
  int code = common->err->msg_code;
  // Decoders go on with gray where data are missing; here this is an error. Stray bytes between segments are not.
  if (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE) jpeg_on_error(common);
}

static void jpeg_no_output(j_common_ptr common) { (void)common; }

static void jpeg_on_progress(j_common_ptr common) {
  j_decompress_ptr jpeg = (j_decompress_ptr)common;
  if (jpeg->input_scan_number > MAXIMUM_SCANS) {
    jpeg_errors *errors = (jpeg_errors *)common->err;
    snprintf(errors->message, errors->message_size, "it has more than %d scans", MAXIMUM_SCANS);
    longjmp(errors->escape, 1);
  }
}

static void jpeg_prepare(struct jpeg_decompress_struct *jpeg, jpeg_errors *errors,
                         struct jpeg_progress_mgr *progress, char *message, size_t message_size) {
  jpeg->err = jpeg_std_error(&errors->base);
  errors->base.error_exit = jpeg_on_error;
  errors->base.emit_message = jpeg_on_message;
  errors->base.output_message = jpeg_no_output;
  errors->message = message;
  errors->message_size = message_size;
  progress->progress_monitor = jpeg_on_progress;
}

static void jpeg_header_into(struct jpeg_decompress_struct *jpeg, codec_image_header *header) {
  header->width = jpeg->image_width;
  header->height = jpeg->image_height;
  header->channels = jpeg->jpeg_color_space == JCS_GRAYSCALE ? 1 : 3;
  header->bits = 8;
}

static int jpeg_color_is_known(const struct jpeg_decompress_struct *jpeg, char *message, size_t message_size) {
  switch (jpeg->jpeg_color_space) {
  case JCS_GRAYSCALE:
  case JCS_RGB:
  case JCS_YCbCr:
    return 1;
  default:
    snprintf(message, message_size, "its colors are neither gray nor RGB (%d components, perhaps CMYK)",
             jpeg->num_components);
    return 0;
  }
}

int codec_jpeg_header(const uint8_t *bytes, size_t count, codec_image_header *header, char *message,
                      size_t message_size) {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_progress_mgr progress = {0};
  jpeg_errors errors;
  memset(&jpeg, 0, sizeof jpeg);
  jpeg_prepare(&jpeg, &errors, &progress, message, message_size);
  if (setjmp(errors.escape)) {
    jpeg_destroy_decompress(&jpeg);
    return CODEC_FAILED;
  }
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, (unsigned char *)bytes, (unsigned long)count);
  jpeg_read_header(&jpeg, TRUE);
  int known = jpeg_color_is_known(&jpeg, message, message_size);
  jpeg_header_into(&jpeg, header);
  jpeg_destroy_decompress(&jpeg);
  return known ? CODEC_OK : CODEC_FAILED;
}

int codec_jpeg_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t pixels_size, char *message,
                      size_t message_size) {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_progress_mgr progress = {0};
  jpeg_errors errors;
  memset(&jpeg, 0, sizeof jpeg);
  jpeg_prepare(&jpeg, &errors, &progress, message, message_size);
  if (setjmp(errors.escape)) {
    jpeg_destroy_decompress(&jpeg);
    return CODEC_FAILED;
  }
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, (unsigned char *)bytes, (unsigned long)count);
  jpeg_read_header(&jpeg, TRUE);
  if (!jpeg_color_is_known(&jpeg, message, message_size)) {
    jpeg_destroy_decompress(&jpeg);
    return CODEC_FAILED;
  }
  jpeg.progress = &progress;
  jpeg.mem->max_memory_to_use = 256l << 20;
  jpeg.out_color_space = jpeg.jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
  // The exact integer transform: the same bytes with and without vector instructions.
  jpeg.dct_method = JDCT_ISLOW;
  jpeg_start_decompress(&jpeg);
  size_t row = (size_t)jpeg.output_width * (size_t)jpeg.output_components;
  if (row == 0 || jpeg.output_height > pixels_size / row || row * jpeg.output_height != pixels_size) {
    snprintf(message, message_size, "the header changed its mind about the size");
    jpeg_destroy_decompress(&jpeg);
    return CODEC_FAILED;
  }
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW rows[1] = {pixels + row * jpeg.output_scanline};
    jpeg_read_scanlines(&jpeg, rows, 1);
  }
  jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  return CODEC_OK;
}
