#ifndef PRELU_DIST_CJPEG_SHIM_H
#define PRELU_DIST_CJPEG_SHIM_H

#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// libjpeg-turbo reports errors by a jump, which must not pass over Swift's frames; so a whole picture is decoded inside
// one C function. The simpler TurboJPEG interface neither skips rows nor columns.

// What a picture's header says.
typedef struct {
  int width;
  int height;
  // 1 grey, 3 colour, 4 ink (CMYK or YCCK)
  int channels;
} jpeg_header;

// Of a picture, scaled down by `denominator` (1, 2, 4 or 8): these columns and rows.
typedef struct {
  int denominator;
  int left;
  int columns;
  int top;
  int rows;
} jpeg_part;

typedef struct {
  struct jpeg_error_mgr manager;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  char *words;
} jpeg_failure;

static inline void jpeg_fail_(j_common_ptr picture) {
  jpeg_failure *failure = (jpeg_failure *)picture->err;
  failure->manager.format_message(picture, failure->words);
  longjmp(failure->escape, 1);
}

// A warning is an error where part of the picture is missing or wrong: the rest of it would be grey. Others, such as
// superfluous bytes between two markers, leave the picture whole; several of ImageNet's files have them. Some cameras of
// Samsung's phones write a scan header of zeros into sequential files, where it says nothing and is not looked at.
static inline void jpeg_warn_(j_common_ptr picture, int level) {
  if (level >= 0) return;
  switch (picture->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_ADOBE_XFORM:
    case JWRN_NOT_SEQUENTIAL:
    case JWRN_BOGUS_ICC: return;
    default: jpeg_fail_(picture);
  }
}

// A progressive file of a few bytes could ask for hours of work by empty scans.
static inline void jpeg_watch_(j_common_ptr picture) {
  if (picture->is_decompressor && ((j_decompress_ptr)picture)->input_scan_number > 500) {
    jpeg_failure *failure = (jpeg_failure *)picture->err;
    strcpy(failure->words, "more than 500 scans");
    longjmp(failure->escape, 1);
  }
}

static inline void jpeg_open_(
    struct jpeg_decompress_struct *picture, jpeg_failure *failure, char *words, const unsigned char *bytes, size_t size) {
  words[0] = 0;
  picture->err = jpeg_std_error(&failure->manager);
  failure->manager.error_exit = jpeg_fail_;
  failure->manager.emit_message = jpeg_warn_;
  failure->words = words;
  memset(&failure->progress, 0, sizeof failure->progress);
  failure->progress.progress_monitor = jpeg_watch_;
}

static inline int jpeg_channels_(const struct jpeg_decompress_struct *picture) {
  if (picture->jpeg_color_space == JCS_CMYK || picture->jpeg_color_space == JCS_YCCK) return 4;
  return picture->num_components == 1 ? 1 : 3;
}

static inline int jpeg_words_length(void) { return JMSG_LENGTH_MAX; }

// Reads the header. 0, or -1 with the library's words, for which there is room for `jpeg_words_length()` characters.
static inline int jpeg_read_extents(
    const unsigned char *_Nonnull bytes, size_t size, jpeg_header *_Nonnull header, char *_Nonnull words) {
  struct jpeg_decompress_struct picture;
  jpeg_failure failure;
  memset(&picture, 0, sizeof picture);
  jpeg_open_(&picture, &failure, words, bytes, size);
  if (setjmp(failure.escape)) {
    jpeg_destroy_decompress(&picture);
    return -1;
  }
  jpeg_create_decompress(&picture);
  jpeg_mem_src(&picture, bytes, size);
  jpeg_read_header(&picture, TRUE);
  header->width = (int)picture.image_width;
  header->height = (int)picture.image_height;
  header->channels = jpeg_channels_(&picture);
  jpeg_destroy_decompress(&picture);
  return 0;
}

// Decodes a part of a picture of `header`'s extents to `pixels`, four bytes a pixel: red, green, blue and 255, or cyan, magenta, yellow and
// black where the picture is in ink colours. Rows follow one another at `part->columns` pixels.
//
// Which part is there for the taking depends on the library's blocks: `part->left` and `part->columns` are set to what
// contains the columns asked for, at most 64 more of them and never more than the picture has. `capacity` counts bytes.
// Of a picture that is not wanted to its last row the rest is not read, nor are its errors found. `header->channels` is
// set.
//
// Returns 0, or -1 with the library's words.
static inline int jpeg_read_part(
    const unsigned char *_Nonnull bytes, size_t size, jpeg_header *_Nonnull header, jpeg_part *_Nonnull part,
    unsigned char *_Nonnull pixels, size_t capacity, char *_Nonnull words) {
  struct jpeg_decompress_struct picture;
  jpeg_failure failure;
  memset(&picture, 0, sizeof picture);
  jpeg_open_(&picture, &failure, words, bytes, size);
  if (setjmp(failure.escape)) {
    jpeg_destroy_decompress(&picture);
    return -1;
  }
  jpeg_create_decompress(&picture);
  picture.progress = &failure.progress;
  jpeg_mem_src(&picture, bytes, size);
  jpeg_read_header(&picture, TRUE);
  if ((int)picture.image_width != header->width || (int)picture.image_height != header->height) {
    snprintf(words, JMSG_LENGTH_MAX, "its header says %u×%u pixels instead of %d×%d", picture.image_width,
             picture.image_height, header->width, header->height);
    jpeg_destroy_decompress(&picture);
    return -1;
  }
  header->channels = jpeg_channels_(&picture);
  picture.scale_num = 1;
  picture.scale_denom = (unsigned)part->denominator;
  picture.dct_method = JDCT_ISLOW;
  picture.out_color_space = header->channels == 4 ? JCS_CMYK : JCS_EXT_RGBX;
  jpeg_start_decompress(&picture);

  JDIMENSION left = (JDIMENSION)part->left, columns = (JDIMENSION)part->columns;
  int inside = part->left >= 0 && part->columns > 0 && part->top >= 0 && part->rows > 0
               && left + columns <= picture.output_width
               && (JDIMENSION)part->top + (JDIMENSION)part->rows <= picture.output_height;
  if (inside && columns < picture.output_width) jpeg_crop_scanline(&picture, &left, &columns);
  if (!inside || picture.output_components != 4
      || (size_t)picture.output_width * 4 * (size_t)part->rows > capacity) {
    snprintf(words, JMSG_LENGTH_MAX, "no room for %d rows of %u columns", part->rows, picture.output_width);
    jpeg_destroy_decompress(&picture);
    return -1;
  }
  if (part->top > 0) jpeg_skip_scanlines(&picture, (JDIMENSION)part->top);
  size_t stride = (size_t)picture.output_width * 4;
  for (int row = 0; row < part->rows;) {
    JSAMPROW start[8];
    int wanted = part->rows - row < 8 ? part->rows - row : 8;
    for (int index = 0; index < wanted; index++) start[index] = pixels + stride * (size_t)(row + index);
    row += (int)jpeg_read_scanlines(&picture, start, (JDIMENSION)wanted);
  }
  part->left = (int)left;
  part->columns = (int)picture.output_width;
  // To the very end only where the whole picture was wanted: that finds what is missing behind the last row.
  if ((JDIMENSION)(part->top + part->rows) == picture.output_height) jpeg_finish_decompress(&picture);
  jpeg_destroy_decompress(&picture);
  return 0;
}

#endif
