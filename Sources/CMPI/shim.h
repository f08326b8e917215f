#include <mpi.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// MPI's predefined handles are macros that cast the address of a library object: Swift does not import such macros.

static inline MPI_Comm _Nonnull mpi_comm_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Comm _Nonnull mpi_comm_self(void) { return MPI_COMM_SELF; }
static inline MPI_Datatype _Nonnull mpi_byte(void) { return MPI_BYTE; }
static inline MPI_Datatype _Nonnull mpi_float(void) { return MPI_FLOAT; }
static inline MPI_Datatype _Nonnull mpi_int64(void) { return MPI_INT64_T; }
static inline MPI_Op _Nonnull mpi_sum(void) { return MPI_SUM; }
static inline MPI_Op _Nonnull mpi_max(void) { return MPI_MAX; }
static inline MPI_Op _Nonnull mpi_bitwise_or(void) { return MPI_BOR; }
static inline MPI_Info _Nonnull mpi_info_null(void) { return MPI_INFO_NULL; }
static inline MPI_Errhandler _Nonnull mpi_errors_return(void) { return MPI_ERRORS_RETURN; }

// A pointer made of the number 1 in Open MPI, of -1 in MPICH: not importable either.
static inline const void *_Nonnull mpi_in_place(void) { return MPI_IN_PLACE; }

// A cast to a pointer type, null in Open MPI and 1 in MPICH.
static inline MPI_Status *_Nullable mpi_status_ignore(void) { return MPI_STATUS_IGNORE; }

// A constant of an enum in Open MPI and a macro in MPICH: one spelling for both.
static inline int mpi_comm_type_shared(void) { return MPI_COMM_TYPE_SHARED; }

static inline int mpi_any_source(void) { return MPI_ANY_SOURCE; }

// Two Linux calls that Swift's Glibc does not have, kept here because only Communication needs them.

// Lets the calling thread, and those it starts later, wake from a sleep this many nanoseconds late instead of Linux's
// default of 50 µs. Swift cannot call the variadic prctl.
static inline int linux_set_timer_slack(unsigned long nanoseconds) {
  return prctl(PR_SET_TIMERSLACK, nanoseconds, 0UL, 0UL, 0UL);
}

// The calling thread's affinity mask; returns the bytes that the kernel wrote, or -1. The C library's own function is
// declared for _GNU_SOURCE only, which the Glibc module is built without.
static inline long linux_affinity_mask(void *_Nonnull mask, unsigned long length) {
  return syscall(SYS_sched_getaffinity, 0, length, mask);
}

// Has the calling thread take turns of so many nanoseconds, from 0.1 to 100 ms, with the threads that want its core: with
// shorter ones it gets the core sooner when it wakes, for no more time in all (Linux 6.12 and later; others ignore it).
// Its policy and its niceness stay as they are.
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
