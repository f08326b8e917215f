// What Swift cannot say about the processor: a prefetch, a pause, the running processor's instruction sets (cpuid), and
// the instruction sets that the including target was compiled for. The launcher reads the levels from here, too.
#ifndef PRELU_DIST_CPROCESSOR_SHIM_H
#define PRELU_DIST_CPROCESSOR_SHIM_H

#include <stdint.h>

// Into the second-level cache, to be read soon.
static inline void processor_prefetch(const void *_Nonnull address) { __builtin_prefetch(address, 0, 2); }

// Into the first-level cache, to be read next.
static inline void processor_prefetch_near(const void *_Nonnull address) { __builtin_prefetch(address, 0, 3); }

// To be written next.
static inline void processor_prefetch_to_write(const void *_Nonnull address) { __builtin_prefetch(address, 1, 3); }

// Sixteen floats, written past the caches; the address must be a multiple of 64 bytes.
typedef float processor_vector __attribute__((vector_size(64)));
static inline void processor_stream(const void *_Nonnull vector, float *_Nonnull address) {
  __builtin_nontemporal_store(*(const processor_vector *)vector, (processor_vector *)(void *)address);
}

// Orders what was streamed before what follows.
static inline void processor_finish_streaming(void) {
#if defined(__SSE__)
  __builtin_ia32_sfence();
#else
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

// Gives way for some cycles while a thread looks for a change in memory.
static inline void processor_pause(void) {
#if defined(__SSE2__)
  __builtin_ia32_pause();
#else
  __asm__ volatile("" ::: "memory");
#endif
}

enum {
  PROCESSOR_AVX = 1,
  PROCESSOR_FMA = 2,
  PROCESSOR_AVX2 = 4,
  PROCESSOR_AVX512F = 8,
  PROCESSOR_AVX512DQ = 16,
  PROCESSOR_AVX512BW = 32,
  PROCESSOR_AVX512VL = 64,
  PROCESSOR_AVX512BF16 = 128,
  PROCESSOR_AMX_TILE = 256,
  PROCESSOR_AMX_BF16 = 512,
};

// The instruction sets that code in the including target may use: a bit set of the constants above. Those for bfloat16
// are missing: code that uses them asks the running processor.
static inline uint32_t processor_compiled_for(void) {
  uint32_t sets = 0;
#ifdef __AVX__
  sets |= PROCESSOR_AVX;
#endif
#ifdef __FMA__
  sets |= PROCESSOR_FMA;
#endif
#ifdef __AVX2__
  sets |= PROCESSOR_AVX2;
#endif
#ifdef __AVX512F__
  sets |= PROCESSOR_AVX512F;
#endif
#ifdef __AVX512DQ__
  sets |= PROCESSOR_AVX512DQ;
#endif
#ifdef __AVX512BW__
  sets |= PROCESSOR_AVX512BW;
#endif
#ifdef __AVX512VL__
  sets |= PROCESSOR_AVX512VL;
#endif
  return sets;
}

// The level of x86-64 (2, 3 or 4, as the x86-64 psABI defines x86-64-v2 … v4) that the including target was compiled
// for; 1 below that, and on other processors. A kind of processor that PRELU_MARCH names has the highest level whose
// instructions it has all of.
static inline int processor_level_compiled_for(void) {
#if defined(__AVX__) && defined(__AVX2__) && defined(__BMI__) && defined(__BMI2__) && defined(__F16C__) && \
    defined(__FMA__) && defined(__LZCNT__) && defined(__MOVBE__)
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512CD__) && defined(__AVX512DQ__) && \
    defined(__AVX512VL__)
  return 4;
#else
  return 3;
#endif
#elif defined(__SSE4_2__) && defined(__POPCNT__)
  return 2;
#else
  return 1;
#endif
}

#if defined(__x86_64__)
#include <cpuid.h>

static inline int processor_has(uint32_t word, uint32_t bits) { return (word & bits) == bits; }

// The highest level of x86-64 whose instructions this processor has all of, and whose registers the system saves.
static inline int processor_level(void) {
  uint32_t a, b, c, d, features;
  // SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT.
  if (!__get_cpuid(1, &a, &b, &features, &d)) return 1;
  if (!processor_has(features, 1u << 0 | 1u << 9 | 1u << 13 | 1u << 19 | 1u << 20 | 1u << 23)) return 1;
  // LAHF and SAHF in 64-bit code.
  uint32_t extended;
  if (!__get_cpuid(0x80000001u, &a, &b, &extended, &d) || !processor_has(extended, 1u << 0)) return 1;
  // FMA, MOVBE, OSXSAVE, AVX, F16C; LZCNT.
  if (!processor_has(features, 1u << 12 | 1u << 22 | 1u << 27 | 1u << 28 | 1u << 29)) return 2;
  if (!processor_has(extended, 1u << 5)) return 2;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  // BMI1, AVX2, BMI2; the registers XMM and YMM.
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 2;
  if (!processor_has(b, 1u << 3 | 1u << 5 | 1u << 8) || !processor_has(low, 0x6)) return 2;
  // AVX512F, AVX512DQ, AVX512CD, AVX512BW, AVX512VL; the mask registers and ZMM.
  if (!processor_has(b, 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31) || !processor_has(low, 0xe6)) return 3;
  return 4;
}

// The instruction sets that this processor has and the system saves the registers of.
static inline uint32_t processor_runs(void) {
  uint32_t a, b, c, d, sets = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  uint32_t osxsave = (c >> 27) & 1, avx = (c >> 28) & 1, fma = (c >> 12) & 1;
  if (!osxsave) return 0;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  uint32_t ymm = (low & 6) == 6, zmm = (low & 0xe6) == 0xe6;
  if (ymm && avx) sets |= PROCESSOR_AVX;
  if (ymm && fma) sets |= PROCESSOR_FMA;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return sets;
  if (ymm && (b & (1u << 5))) sets |= PROCESSOR_AVX2;
  if (zmm && (b & (1u << 16))) sets |= PROCESSOR_AVX512F;
  if (zmm && (b & (1u << 17))) sets |= PROCESSOR_AVX512DQ;
  if (zmm && (b & (1u << 30))) sets |= PROCESSOR_AVX512BW;
  if (zmm && (b & (1u << 31))) sets |= PROCESSOR_AVX512VL;
  uint32_t tiles = (low & 0x60000) == 0x60000;
  if (tiles && (d & (1u << 24))) sets |= PROCESSOR_AMX_TILE;
  if (tiles && (d & (1u << 22))) sets |= PROCESSOR_AMX_BF16;
  if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && zmm && (a & (1u << 5))) sets |= PROCESSOR_AVX512BF16;
  return sets;
}

// The processor's own name, 48 bytes and a zero.
static inline void processor_name(char *_Nonnull text) {
  uint32_t *words = (uint32_t *)(void *)text;
  for (uint32_t leaf = 0; leaf < 3; leaf++) {
    uint32_t *w = words + 4 * leaf;
    if (!__get_cpuid(0x80000002u + leaf, w, w + 1, w + 2, w + 3)) { w[0] = w[1] = w[2] = w[3] = 0; }
  }
  text[48] = 0;
}
#else
static inline int processor_level(void) { return 1; }
static inline uint32_t processor_runs(void) { return 0; }
static inline void processor_name(char *_Nonnull text) { text[0] = 0; }
#endif

#endif
