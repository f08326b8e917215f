#include <stdio.h>
#include <png.h>

// The message is an array inside the struct, which Swift sees as a tuple of 64 characters.
static inline const char *_Nonnull png_image_words(const png_image *_Nonnull image) { return image->message; }
