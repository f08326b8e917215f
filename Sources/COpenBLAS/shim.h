#ifndef PRELU_DIST_COPENBLAS_SHIM_H
#define PRELU_DIST_COPENBLAS_SHIM_H

#include <cblas.h>

// The choice of a kernel, which the library makes when it is loaded: from the variable OPENBLAS_CORETYPE, otherwise
// from the processor. The header does not declare it, and a library that was built for a single processor does not
// have it.
extern void gotoblas_dynamic_init(void) __attribute__((weak));
extern void gotoblas_dynamic_quit(void) __attribute__((weak));

// Lets the library choose again; returns 0 where it has no choice.
static inline int openblas_choose_kernel(void) {
  if (!gotoblas_dynamic_init || !gotoblas_dynamic_quit) return 0;
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  return 1;
}

#endif
