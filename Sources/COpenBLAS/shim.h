#ifndef PRELU_DIST_COPENBLAS_SHIM_H
#define PRELU_DIST_COPENBLAS_SHIM_H

#include <cblas.h>

#endif
