#ifndef PRELU_DIST_CJPEG_SHIM_H
#define PRELU_DIST_CJPEG_SHIM_H

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// libjpeg-turbo leaves a failing call by a jump, which must not pass over Swift's frames. So each call that a damaged
// file can make fail stands in a C function of its own, in which the jump ends, and so do the two callbacks that jump.
// What is asked of the library, in which order and with how much memory, is decided in Swift (JPEGDecoder.swift). The
// simpler TurboJPEG interface reads neither some of the rows nor some of the columns.

// A picture that is being read. It stays in one place: the library keeps pointers into it.
typedef struct {
  struct jpeg_decompress_struct picture;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  // The reason why a call failed.
  char words[JMSG_LENGTH_MAX];
} jpeg_reader;

static inline void jpeg_reader_fail_(j_common_ptr picture) {
  jpeg_reader *reader = (jpeg_reader *)picture->client_data;
  picture->err->format_message(picture, reader->words);
  longjmp(reader->escape, 1);
}

// A warning is an error where part of the picture is missing or wrong: the rest of it would be gray. Others, such as
// superfluous bytes between two markers, leave the picture whole; several of ImageNet's files have them. Some cameras
// of Samsung's phones write a scan header of zeros into sequential files, where it says nothing and is not looked at.
static inline void jpeg_reader_warn_(j_common_ptr picture, int level) {
  if (level >= 0) return;
  switch (picture->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_ADOBE_XFORM:
    case JWRN_NOT_SEQUENTIAL:
    case JWRN_BOGUS_ICC: return;
    default: jpeg_reader_fail_(picture);
  }
}

// A progressive file of a few bytes could ask for hours of work by empty scans.
static inline void jpeg_reader_watch_(j_common_ptr picture) {
  jpeg_reader *reader = (jpeg_reader *)picture->client_data;
  if (reader->picture.input_scan_number > 500) {
    strcpy(reader->words, "more than 500 scans");
    longjmp(reader->escape, 1);
  }
}

// Returns the reason why the last call failed.
static inline const char *_Nonnull jpeg_reader_words(const jpeg_reader *_Nonnull reader) { return reader->words; }

// Fills `reader`, whose former content does not matter. Cannot fail; whatever follows, `jpeg_reader_close` ends it.
static inline void jpeg_reader_prepare(jpeg_reader *_Nonnull reader) {
  memset(reader, 0, sizeof *reader);
  reader->picture.err = jpeg_std_error(&reader->errors);
  reader->picture.client_data = reader;
  reader->errors.error_exit = jpeg_reader_fail_;
  reader->errors.emit_message = jpeg_reader_warn_;
  reader->progress.progress_monitor = jpeg_reader_watch_;
}

static inline void jpeg_reader_close(jpeg_reader *_Nonnull reader) { jpeg_destroy_decompress(&reader->picture); }

// The following return 0, or -1 with the reason in `jpeg_reader_words`. After a failure only `jpeg_reader_close` may
// follow. `bytes` must stay until then.

static inline int jpeg_reader_read_header(
    jpeg_reader *_Nonnull reader, const unsigned char *_Nonnull bytes, size_t size) {
  if (setjmp(reader->escape)) return -1;
  jpeg_create_decompress(&reader->picture);
  reader->picture.progress = &reader->progress;
  jpeg_mem_src(&reader->picture, bytes, size);
  jpeg_read_header(&reader->picture, TRUE);
  return 0;
}

static inline int jpeg_reader_start(jpeg_reader *_Nonnull reader) {
  if (setjmp(reader->escape)) return -1;
  jpeg_start_decompress(&reader->picture);
  return 0;
}

// Which columns can be had by themselves depends on the library's blocks: `left` and `columns` are set to what contains
// the columns asked for.
static inline int jpeg_reader_crop(
    jpeg_reader *_Nonnull reader, JDIMENSION *_Nonnull left, JDIMENSION *_Nonnull columns) {
  if (setjmp(reader->escape)) return -1;
  jpeg_crop_scanline(&reader->picture, left, columns);
  return 0;
}

static inline int jpeg_reader_skip(jpeg_reader *_Nonnull reader, JDIMENSION rows) {
  if (setjmp(reader->escape)) return -1;
  jpeg_skip_scanlines(&reader->picture, rows);
  return 0;
}

// Reads `rows` rows to `pixels`, where each begins `stride` bytes after the one before.
static inline int jpeg_reader_read(
    jpeg_reader *_Nonnull reader, unsigned char *_Nonnull pixels, size_t stride, JDIMENSION rows) {
  if (setjmp(reader->escape)) return -1;
  for (JDIMENSION row = 0; row < rows;) {
    JSAMPROW start[8];
    JDIMENSION wanted = rows - row < 8 ? rows - row : 8;
    for (JDIMENSION index = 0; index < wanted; index++) start[index] = pixels + stride * (row + index);
    row += jpeg_read_scanlines(&reader->picture, start, wanted);
  }
  return 0;
}

// Reads to the file's end, which finds what is missing behind the last row.
static inline int jpeg_reader_finish(jpeg_reader *_Nonnull reader) {
  if (setjmp(reader->escape)) return -1;
  jpeg_finish_decompress(&reader->picture);
  return 0;
}

#endif
