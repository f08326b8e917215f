// Linux system calls that Swift's Glibc module does not offer: variadic ones, and ones that the C library declares for
// _GNU_SOURCE only, which the Glibc module is built without. And the call stack, which it does not offer either.
#ifndef PRELU_DIST_CLINUX_SHIM_H
#define PRELU_DIST_CLINUX_SHIM_H

#include <execinfo.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Has malloc take pieces of up to 64 MB from its heap, and give no less than 256 MB at its end back to the system.
static inline void linux_keep_freed_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 1 << 26);
  mallopt(M_TRIM_THRESHOLD, 1 << 28);
}

// Lets the calling thread, and those it starts later, wake from a sleep this many nanoseconds late instead of Linux's
// default of 50 µs.
static inline int linux_set_timer_slack(unsigned long nanoseconds) {
  return prctl(PR_SET_TIMERSLACK, nanoseconds, 0UL, 0UL, 0UL);
}

// Names the calling thread for `ps -L` and `top -H`; the system keeps the first 15 bytes.
static inline int linux_set_thread_name(const char *_Nonnull name) {
  return prctl(PR_SET_NAME, (unsigned long)name, 0UL, 0UL, 0UL);
}

// The calling thread's affinity mask; returns the bytes that the kernel wrote, or -1.
static inline long linux_affinity_mask(void *_Nonnull mask, unsigned long length) {
  return syscall(SYS_sched_getaffinity, 0, length, mask);
}

// Lets the calling thread run on the processors whose bits are set; returns 0 where the system allows it.
static inline long linux_set_affinity(const void *_Nonnull mask, unsigned long length) {
  return syscall(SYS_sched_setaffinity, 0, length, mask);
}

// Has the calling thread take turns of so many nanoseconds, from 0.1 to 100 ms, with the threads that want its core:
// with shorter ones it gets the core sooner when it wakes, for no more time in all (Linux 6.12 and later; others ignore
// it). Its policy and its niceness stay as they are.
static inline long linux_set_turn(unsigned long nanoseconds) {
  struct {
    unsigned int size, policy;
    unsigned long long flags;
    int nice;
    unsigned int priority;
    unsigned long long runtime, deadline, period;
  } attributes;
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return -1;
  attributes.runtime = nanoseconds;
  return syscall(SYS_sched_setattr, 0, &attributes, 0);
}

#endif
