// The tile instructions in plain code (Intel's Software Developer's Manual, volume 2: LDTILECFG, TILERELEASE, TILEZERO,
// TILELOADD, TILESTORED, TDPBF16PS), for tests on processors without them. Where the processor would raise an
// exception, such as for a tile that is not configured, the program ends.

static inline void emulated_check(bool isAllowed) {
  if (!isAllowed) __builtin_trap();
}

static inline void emulated_configure(tiles_state *_Nonnull s, const tiles_configuration *_Nonnull configuration) {
  emulated_check(configuration->palette == 1);
  for (int tile = 0; tile < 8; tile++) {
    emulated_check(configuration->rows[tile] <= 16 && configuration->bytesInRow[tile] <= 64);
  }
  s->configuration = *configuration;
  memset(s->tiles, 0, sizeof s->tiles);
}

static inline void emulated_release(tiles_state *_Nonnull s) { memset(s, 0, sizeof *s); }

static inline void emulated_check_tile(const tiles_state *_Nonnull s, int tile) {
  emulated_check(s->configuration.palette == 1 && tile >= 0 && tile < 8 && s->configuration.rows[tile] > 0);
}

static inline void emulated_zero(tiles_state *_Nonnull s, int tile) {
  emulated_check_tile(s, tile);
  memset(s->tiles[tile], 0, 1024);
}

static inline void emulated_load(tiles_state *_Nonnull s, int tile, const void *_Nonnull address, int64_t bytes) {
  emulated_check_tile(s, tile);
  memset(s->tiles[tile], 0, 1024);
  for (int row = 0; row < s->configuration.rows[tile]; row++) {
    memcpy(s->tiles[tile] + 64 * row, (const uint8_t *)address + row * bytes, s->configuration.bytesInRow[tile]);
  }
}

static inline void emulated_store(
    const tiles_state *_Nonnull s, int tile, void *_Nonnull address, int64_t bytes) {
  emulated_check_tile(s, tile);
  for (int row = 0; row < s->configuration.rows[tile]; row++) {
    memcpy((uint8_t *)address + row * bytes, s->tiles[tile] + 64 * row, s->configuration.bytesInRow[tile]);
  }
}

// Numbers too small for a normal float are zeros to TDPBF16PS, as operands and as results.
static inline float emulated_flushed(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  if ((bits & 0x7f800000u) == 0) bits &= 0x80000000u;
  memcpy(&value, &bits, 4);
  return value;
}

static inline float emulated_value(uint16_t upper) {
  uint32_t bits = (uint32_t)upper << 16;
  float value;
  memcpy(&value, &bits, 4);
  return emulated_flushed(value);
}

// The products of even and of odd inner places are summed up apart, then added, then added to the tile.
static inline void emulated_add_product(tiles_state *_Nonnull s, int sum, int a, int b) {
  emulated_check_tile(s, sum);
  emulated_check_tile(s, a);
  emulated_check_tile(s, b);
  const tiles_configuration *size = &s->configuration;
  const int pairs = size->bytesInRow[a] / 4, columns = size->bytesInRow[sum] / 4;
  emulated_check(
      size->rows[sum] == size->rows[a] && size->rows[b] == pairs && size->bytesInRow[b] == size->bytesInRow[sum]);
  emulated_check(sum != a && sum != b && a != b);
  for (int row = 0; row < size->rows[sum]; row++) {
    float even[16] = {0}, odd[16] = {0}, old[16];
    uint16_t left[32], right[32];
    memcpy(left, s->tiles[a] + 64 * row, 64);
    memcpy(old, s->tiles[sum] + 64 * row, 64);
    for (int pair = 0; pair < pairs; pair++) {
      memcpy(right, s->tiles[b] + 64 * pair, 64);
      float first = emulated_value(left[2 * pair]), second = emulated_value(left[2 * pair + 1]);
      for (int column = 0; column < columns; column++) {
        even[column] =
            emulated_flushed(__builtin_fmaf(first, emulated_value(right[2 * column]), even[column]));
        odd[column] =
            emulated_flushed(__builtin_fmaf(second, emulated_value(right[2 * column + 1]), odd[column]));
      }
    }
    for (int column = 0; column < columns; column++) {
      old[column] = emulated_flushed(emulated_flushed(old[column]) + emulated_flushed(even[column] + odd[column]));
    }
    memcpy(s->tiles[sum] + 64 * row, old, 4 * columns);
  }
}
