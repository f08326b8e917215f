// The `prelu-dist` of an installation that holds a program for each of several levels of x86-64: starts the one of the
// highest level that this node's processor runs and PRELU_LEVEL allows. It replaces itself by that program, so that
// process number, arguments, environment, signals and the launcher's open channels to MPI stay as they are.
//
// This is C and not Swift, and linked statically by scripts/install: it has to run on processors of every level, in
// less than the time in which Swift's runtime starts, and must know its arguments whatever is preloaded.

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "../CProcessor/shim.h"

enum { LOWEST_LEVEL = 1, HIGHEST_LEVEL = 4 };

// Only the first rank speaks of what is wrong with the environment, which all ranks have in common.
static int is_first_rank(void) {
  static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
    const char *rank = getenv(names[i]);
    if (rank) return strcmp(rank, "0") == 0;
  }
  return 1;
}

static const char *host(void) {
  static char name[256];
  if (gethostname(name, sizeof name - 1) != 0) return "?";
  return name;
}

// Finds the folder of the levels, DIR/libexec/prelu-dist for a launcher DIR/bin/prelu-dist; returns 0 if its path is
// too long or unknown.
static int find_levels(char *folder, size_t size) {
  char self[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  if (length <= 0) return 0;
  self[length] = 0;
  for (int up = 0; up < 2; up++) {
    char *slash = strrchr(self, '/');
    if (!slash) return 0;
    *slash = 0;
  }
  int written = snprintf(folder, size, "%s/libexec/prelu-dist", self);
  return written > 0 && (size_t)written < size;
}

static void path_of_level(char *path, size_t size, const char *folder, int level) {
  snprintf(path, size, "%s/v%d/prelu-dist", folder, level);
}

// Reads PRELU_LEVEL, "v3" or "3"; returns the highest level where it is not set, and 0 for another text.
static int wanted_level(void) {
  const char *text = getenv("PRELU_LEVEL");
  if (!text || !*text) return HIGHEST_LEVEL;
  if (*text == 'v') text++;
  if (text[0] < '0' + LOWEST_LEVEL || text[0] > '0' + HIGHEST_LEVEL || text[1]) return 0;
  return text[0] - '0';
}

int main(int count, char **arguments) {
  (void)count;
  int wanted = wanted_level(), own = processor_level();
  if (wanted == 0) {
    if (is_first_rank())
      fprintf(stderr, "prelu-dist: expected a level of x86-64 in PRELU_LEVEL, such as v3, found '%s': correct it, or "
        "unset it to take the best level of each node\n", getenv("PRELU_LEVEL"));
    return EX_USAGE;
  }
  char folder[PATH_MAX], path[PATH_MAX + 32], names[64] = "";
  if (!find_levels(folder, sizeof folder)) {
    fprintf(stderr, "prelu-dist: expected the programs in ../libexec/prelu-dist, found no such path from "
      "/proc/self/exe: mount /proc, or install at a shorter path\n");
    return EX_OSFILE;
  }
  // OpenBLAS reads these when it is loaded: threads that nobody needs, and kernels that differ between processors.
  setenv("OPENBLAS_NUM_THREADS", "1", 0);
  if (own >= 3) setenv("OPENBLAS_CORETYPE", "Haswell", 0);
  int lowest = 0;
  for (int level = HIGHEST_LEVEL; level >= LOWEST_LEVEL; level--) {
    path_of_level(path, sizeof path, folder, level);
    if (access(path, F_OK) != 0) continue;
    lowest = level;
    snprintf(names + strlen(names), sizeof names - strlen(names), "%sv%d", *names ? ", " : "", level);
    if (level > own || level > wanted) continue;
    execv(path, arguments);
    fprintf(stderr, "prelu-dist: host %s: %s cannot be started: %s. Install prelu-dist again\n", host(), path,
      strerror(errno));
    return EX_OSFILE;
  }
  if (lowest == 0) {
    fprintf(stderr, "prelu-dist: host %s: expected a program of some level in %s, found none: install prelu-dist "
      "again, and move bin and libexec together\n", host(), folder);
    return EX_NOINPUT;
  }
  if (lowest > own) {
    char name[52] = "";
    processor_name(name);
    fprintf(stderr, "prelu-dist: host %s: expected a processor of level v%d of x86-64 or higher%s, found v%d (%s): ask "
      "the scheduler for newer processors\n", host(), lowest,
      lowest == 3 ? " (AVX2 and FMA: Intel from 2013 on, AMD from 2017 on)" : "", own, name);
    return EX_SOFTWARE;
  }
  if (is_first_rank())
    fprintf(stderr, "prelu-dist: expected a program of level v%d or lower, as PRELU_LEVEL says, found %s in %s: unset "
      "it, or install that level by scripts/install --levels\n", wanted, names, folder);
  return EX_UNAVAILABLE;
}
