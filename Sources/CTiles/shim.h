// Products of bfloat16 matrices with float32 sums, for which Swift has no instructions, in four ways: by the
// processor's matrix tiles (AMX), by its dot products (AVX512-BF16), by float32 products, and by an emulation of the
// matrix tiles.
//
// Each function carries the instruction sets that it needs, so that a program for any processor has all of them and
// asks at run time which it may call. Values of bfloat16 are the upper halves of floats.
#ifndef PRELU_DIST_CTILES_SHIM_H
#define PRELU_DIST_CTILES_SHIM_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// The product C = Σ A[step]·B[step], or C += that: C has 32 rows of 32 floats, one behind the other.
typedef struct {
  // A: in each step 32 rows of 32 values; row r of step s begins at a + r·rowStep + (places ? places[s] : s·step).
  const uint16_t *_Nonnull a;
  int64_t rowStep;
  const int64_t *_Nullable places;
  int64_t step;
  // B: in each step 1024 values, [half of the columns][pair of inner places][16 columns][2 places].
  const uint16_t *_Nonnull b;
  int64_t steps;
  float *_Nonnull c;
  // The number of rows of A and C that are of interest, 1 … 32. Others may be computed, or not.
  int64_t rows;
  bool accumulates;
} tiles_product;

// What LDTILECFG loads: eight tiles of 16 rows of 64 bytes.
typedef struct {
  uint8_t palette, startRow, reserved[14];
  uint16_t bytesInRow[16];
  uint8_t rows[16];
} tiles_configuration;

static inline tiles_configuration tiles_whole(void) {
  tiles_configuration configuration;
  memset(&configuration, 0, sizeof configuration);
  configuration.palette = 1;
  for (int tile = 0; tile < 8; tile++) {
    configuration.bytesInRow[tile] = 64;
    configuration.rows[tile] = 16;
  }
  return configuration;
}

// The tiles of a thread where they are emulated. The processor has its own.
typedef struct {
  tiles_configuration configuration;
  uint8_t tiles[8][1024];
} tiles_state;

static inline const uint16_t *_Nonnull tiles_place(const tiles_product *_Nonnull p, int64_t step) {
  return p->a + (p->places ? p->places[step] : step * p->step);
}

#include "emulation.h"

// MARK: - Matrix tiles, emulated

#define TILES_NAME(name) tiles_emulated_##name
#define TILES_TARGET
#define TILES_CONFIGURE(configuration) emulated_configure(state, configuration)
#define TILES_RELEASE() emulated_release(state)
#define TILES_ZERO(tile) emulated_zero(state, tile)
#define TILES_LOAD(tile, address, bytes) emulated_load(state, tile, address, bytes)
#define TILES_STORE(tile, address, bytes) emulated_store(state, tile, address, bytes)
#define TILES_ADD_PRODUCT(sum, a, b) emulated_add_product(state, sum, a, b)
#include "matrix-tiles.h"

// MARK: - Matrix tiles, dot products and float32 products by the processor

#if defined(__x86_64__)

#define TILES_NAME(name) tiles_processor_##name
#define TILES_TARGET __attribute__((target("amx-tile,amx-bf16")))
#define TILES_CONFIGURE(configuration) __builtin_ia32_tile_loadconfig(configuration)
#define TILES_RELEASE() __builtin_ia32_tilerelease()
#define TILES_ZERO(tile) __builtin_ia32_tilezero(tile)
#define TILES_LOAD(tile, address, bytes) __builtin_ia32_tileloadd64(tile, address, bytes)
#define TILES_STORE(tile, address, bytes) __builtin_ia32_tilestored64(tile, address, bytes)
#define TILES_ADD_PRODUCT(sum, a, b) __builtin_ia32_tdpbf16ps(sum, a, b)
#include "matrix-tiles.h"

#include <sys/syscall.h>
#include <unistd.h>

// Asks the system for the tiles' registers, which it gives to a process that asks once. Returns whether it did.
static inline bool tiles_request(void) {
  const long requestPermission = 0x1023, tileData = 18;
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
}

#else

static inline bool tiles_request(void) { return false; }
static inline void tiles_processor_begin(tiles_state *_Nonnull state) { __builtin_trap(); }
static inline void tiles_processor_end(tiles_state *_Nonnull state) { __builtin_trap(); }
static inline void tiles_processor_multiply(tiles_state *_Nonnull state, const tiles_product *_Nonnull p) {
  __builtin_trap();
}

#endif

#include "vector-products.h"

#endif
