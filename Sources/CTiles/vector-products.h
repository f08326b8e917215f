// The products of `tiles_product` by vectors of 16 sums, eight rows (two where registers are few) at a time.

typedef float tiles_floats __attribute__((vector_size(64)));
typedef float tiles_floats_anywhere __attribute__((vector_size(64), aligned(4)));
typedef uint32_t tiles_words __attribute__((vector_size(64)));
typedef uint32_t tiles_words_anywhere __attribute__((vector_size(64), aligned(2)));

// ADD(sum, values, weights) adds the products of a pair of values of A, the same in all lanes, with 16 pairs of B.
#define TILES_PRODUCT_OF_ROWS(ROWS, ADD)                                                    \
  tiles_floats sums[ROWS][2];                                                               \
  _Pragma("clang loop unroll(full)") for (int row = 0; row < ROWS; row++) {                 \
    float *c = p->c + (first + row) * 32;                                                   \
    sums[row][0] = p->accumulates ? *(tiles_floats_anywhere *)c : (tiles_floats){0};        \
    sums[row][1] = p->accumulates ? *(tiles_floats_anywhere *)(c + 16) : (tiles_floats){0}; \
  }                                                                                         \
  const uint16_t *b = p->b;                                                                 \
  for (int64_t step = 0; step < p->steps; step++) {                                         \
    const uint16_t *a = tiles_place(p, step) + first * p->rowStep;                          \
    for (int pair = 0; pair < 16; pair++, a += 2, b += 32) {                                \
      tiles_words left = *(const tiles_words_anywhere *)b;                                  \
      tiles_words right = *(const tiles_words_anywhere *)(b + 512);                         \
      _Pragma("clang loop unroll(full)") for (int row = 0; row < ROWS; row++) {             \
        uint32_t values;                                                                    \
        memcpy(&values, a + row * p->rowStep, 4);                                           \
        const tiles_words all = (tiles_words){0} + values;                                  \
        sums[row][0] = ADD(sums[row][0], all, left);                                        \
        sums[row][1] = ADD(sums[row][1], all, right);                                       \
      }                                                                                     \
    }                                                                                       \
    b += 512;                                                                               \
  }                                                                                         \
  _Pragma("clang loop unroll(full)") for (int row = 0; row < ROWS; row++) {                 \
    float *c = p->c + (first + row) * 32;                                                   \
    *(tiles_floats_anywhere *)c = sums[row][0];                                             \
    *(tiles_floats_anywhere *)(c + 16) = sums[row][1];                                      \
  }

#if defined(__x86_64__)

typedef __bf16 tiles_halves __attribute__((vector_size(64)));

#define TILES_DOT(sum, values, weights)                                                     \
  __builtin_ia32_dpbf16ps_512(sum, (tiles_halves)(values), (tiles_halves)(weights))

// By VDPBF16PS, which rounds each product's sum once and takes denormal numbers for zeros.
static inline __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16"))) void tiles_vectors_multiply(
    const tiles_product *_Nonnull p) {
  for (int64_t first = 0; first < p->rows; first += 8) {
    TILES_PRODUCT_OF_ROWS(8, TILES_DOT)
  }
}

#undef TILES_DOT

#else

static inline void tiles_vectors_multiply(const tiles_product *_Nonnull p) { __builtin_trap(); }

#endif

#ifdef __AVX512F__
#define TILES_ROWS 8
#else
#define TILES_ROWS 2
#endif

// A pair's lower half is the value at the even place.
#define TILES_EVEN(pairs) ((tiles_floats)((pairs) << 16))
#define TILES_ODD(pairs) ((tiles_floats)((pairs) & 0xffff0000u))
#define TILES_ADD_FLOATS(sum, values, weights)                                              \
  ((sum) + TILES_EVEN(values) * TILES_EVEN(weights)) + TILES_ODD(values) * TILES_ODD(weights)

// By float32 products, on every processor.
static inline void tiles_floats_multiply(const tiles_product *_Nonnull p) {
  for (int64_t first = 0; first < p->rows; first += TILES_ROWS) {
    TILES_PRODUCT_OF_ROWS(TILES_ROWS, TILES_ADD_FLOATS)
  }
}

#undef TILES_EVEN
#undef TILES_ODD
#undef TILES_ADD_FLOATS
#undef TILES_ROWS
#undef TILES_PRODUCT_OF_ROWS
