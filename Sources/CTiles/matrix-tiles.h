// The products on matrix tiles, written once for the processor's instructions and for their emulation: the file that
// includes this one says what the instructions are. Tiles 0 to 3 hold the sums, 4 and 5 the rows, 6 and 7 the columns.

// Prepares the calling thread for products.
static inline TILES_TARGET void TILES_NAME(begin)(tiles_state *_Nonnull state) {
  tiles_configuration configuration = tiles_whole();
  (void)state;
  TILES_CONFIGURE(&configuration);
}

// Gives the tiles back, so that nobody has to save them any more.
static inline TILES_TARGET void TILES_NAME(end)(tiles_state *_Nonnull state) {
  (void)state;
  TILES_RELEASE();
}

static inline TILES_TARGET void TILES_NAME(multiply)(
    tiles_state *_Nonnull state, const tiles_product *_Nonnull p) {
  const int64_t row = 2 * p->rowStep, lower = 16 * p->rowStep, rowOfC = 128;
  float *c = p->c;
  const uint16_t *b = p->b;
  const bool isTall = p->rows > 16;
  (void)state;
  if (p->accumulates) {
    TILES_LOAD(0, c, rowOfC);
    TILES_LOAD(1, c + 16, rowOfC);
  } else {
    TILES_ZERO(0);
    TILES_ZERO(1);
  }
  if (!isTall) {
    for (int64_t step = 0; step < p->steps; step++, b += 1024) {
      TILES_LOAD(4, tiles_place(p, step), row);
      TILES_LOAD(6, b, 64);
      TILES_ADD_PRODUCT(0, 4, 6);
      TILES_LOAD(7, b + 512, 64);
      TILES_ADD_PRODUCT(1, 4, 7);
    }
    TILES_STORE(0, c, rowOfC);
    TILES_STORE(1, c + 16, rowOfC);
    return;
  }
  if (p->accumulates) {
    TILES_LOAD(2, c + 512, rowOfC);
    TILES_LOAD(3, c + 528, rowOfC);
  } else {
    TILES_ZERO(2);
    TILES_ZERO(3);
  }
  for (int64_t step = 0; step < p->steps; step++, b += 1024) {
    const uint16_t *a = tiles_place(p, step);
    TILES_LOAD(4, a, row);
    TILES_LOAD(6, b, 64);
    TILES_ADD_PRODUCT(0, 4, 6);
    TILES_LOAD(7, b + 512, 64);
    TILES_ADD_PRODUCT(1, 4, 7);
    TILES_LOAD(5, a + lower, row);
    TILES_ADD_PRODUCT(2, 5, 6);
    TILES_ADD_PRODUCT(3, 5, 7);
  }
  TILES_STORE(0, c, rowOfC);
  TILES_STORE(1, c + 16, rowOfC);
  TILES_STORE(2, c + 512, rowOfC);
  TILES_STORE(3, c + 528, rowOfC);
}

#undef TILES_NAME
#undef TILES_TARGET
#undef TILES_CONFIGURE
#undef TILES_RELEASE
#undef TILES_ZERO
#undef TILES_LOAD
#undef TILES_STORE
#undef TILES_ADD_PRODUCT
