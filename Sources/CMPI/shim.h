// MPI in a form that Swift imports, and the only place that knows which library the program is built with: Open MPI,
// whose handles are pointers, or MPICH and what shares its ABI (Intel MPI, Cray MPICH, MVAPICH), whose handles are
// integers.
#ifndef PRELU_DIST_CMPI_SHIM_H
#define PRELU_DIST_CMPI_SHIM_H

#include <mpi.h>
#include <string.h>

// Handles that are pointers are never null here; those that are integers cannot be.
#if defined(OPEN_MPI)
#define MPI_HANDLE _Nonnull
#else
#define MPI_HANDLE
#endif

// Predefined handles are macros that cast the address of a library object, or a number: Swift imports neither.

static inline MPI_Comm MPI_HANDLE mpi_comm_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Comm MPI_HANDLE mpi_comm_self(void) { return MPI_COMM_SELF; }
static inline MPI_Datatype MPI_HANDLE mpi_byte(void) { return MPI_BYTE; }
static inline MPI_Datatype MPI_HANDLE mpi_float(void) { return MPI_FLOAT; }
static inline MPI_Datatype MPI_HANDLE mpi_int64(void) { return MPI_INT64_T; }
static inline MPI_Op MPI_HANDLE mpi_sum(void) { return MPI_SUM; }
static inline MPI_Op MPI_HANDLE mpi_max(void) { return MPI_MAX; }
static inline MPI_Op MPI_HANDLE mpi_bitwise_or(void) { return MPI_BOR; }
static inline MPI_Errhandler MPI_HANDLE mpi_errors_return(void) { return MPI_ERRORS_RETURN; }

// A cast to a pointer type, null in Open MPI and 1 in MPICH.
static inline MPI_Status *_Nullable mpi_status_ignore(void) { return MPI_STATUS_IGNORE; }

static inline int mpi_any_source(void) { return MPI_ANY_SOURCE; }

// A handle that a call writes has one type in Swift, whatever the library makes it of: a struct around it.

typedef struct {
  MPI_Request handle;
} mpi_request;

static inline mpi_request mpi_request_null(void) {
  mpi_request request = {MPI_REQUEST_NULL};
  return request;
}

static inline int mpi_test(mpi_request *_Nonnull request, int *_Nonnull is_done) {
  return MPI_Test(&request->handle, is_done, MPI_STATUS_IGNORE);
}

static inline int mpi_request_free(mpi_request *_Nonnull request) { return MPI_Request_free(&request->handle); }

static inline int mpi_isend(
    const void *_Nullable data, int count, MPI_Datatype MPI_HANDLE type, int to, int tag, MPI_Comm MPI_HANDLE world,
    mpi_request *_Nonnull request) {
  return MPI_Isend(data, count, type, to, tag, world, &request->handle);
}

static inline int mpi_irecv(
    void *_Nullable data, int count, MPI_Datatype MPI_HANDLE type, int from, int tag, MPI_Comm MPI_HANDLE world,
    mpi_request *_Nonnull request) {
  return MPI_Irecv(data, count, type, from, tag, world, &request->handle);
}

static inline int mpi_ibarrier(MPI_Comm MPI_HANDLE world, mpi_request *_Nonnull request) {
  return MPI_Ibarrier(world, &request->handle);
}

static inline int mpi_ibcast(
    void *_Nullable data, int count, MPI_Datatype MPI_HANDLE type, int root, MPI_Comm MPI_HANDLE world,
    mpi_request *_Nonnull request) {
  return MPI_Ibcast(data, count, type, root, world, &request->handle);
}

static inline int mpi_iallreduce_in_place(
    void *_Nullable data, int count, MPI_Datatype MPI_HANDLE type, MPI_Op MPI_HANDLE operation,
    MPI_Comm MPI_HANDLE world, mpi_request *_Nonnull request) {
  return MPI_Iallreduce(MPI_IN_PLACE, data, count, type, operation, world, &request->handle);
}

// Gathers `count` bytes of each rank.
static inline int mpi_iallgather_bytes(
    const void *_Nullable own, int count, void *_Nullable all, MPI_Comm MPI_HANDLE world,
    mpi_request *_Nonnull request) {
  return MPI_Iallgather(own, count, MPI_BYTE, all, count, MPI_BYTE, world, &request->handle);
}

// Gathers the bytes of each rank, `counts[rank]` of them, to `all + places[rank]`.
static inline int mpi_iallgatherv_bytes(
    const void *_Nullable own, int count, void *_Nullable all, const int *_Nullable counts,
    const int *_Nullable places, MPI_Comm MPI_HANDLE world, mpi_request *_Nonnull request) {
  return MPI_Iallgatherv(own, count, MPI_BYTE, all, counts, places, MPI_BYTE, world, &request->handle);
}

typedef struct {
  MPI_Comm handle;
} mpi_communicator;

static inline mpi_communicator mpi_communicator_null(void) {
  mpi_communicator communicator = {MPI_COMM_NULL};
  return communicator;
}

static inline MPI_Comm MPI_HANDLE mpi_communicator_handle(mpi_communicator communicator) {
  return communicator.handle;
}

static inline int mpi_duplicate(MPI_Comm MPI_HANDLE world, mpi_communicator *_Nonnull copy) {
  return MPI_Comm_dup(world, &copy->handle);
}

// Makes a communicator of those ranks that share this one's memory, in the order of their numbers.
static inline int mpi_split_by_host(MPI_Comm MPI_HANDLE world, int rank, mpi_communicator *_Nonnull host) {
  return MPI_Comm_split_type(world, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &host->handle);
}

static inline int mpi_communicator_free(mpi_communicator *_Nonnull communicator) {
  return MPI_Comm_free(&communicator->handle);
}

// Writes the name of a setting of the library; an empty one where it belongs to a component that was closed.
static inline void mpi_setting_name(int index, char *_Nonnull name, int size) {
  int description = 0, verbosity, binding, scope;
  MPI_Datatype type;
  MPI_T_enum values;
  name[0] = 0;
  if (MPI_T_cvar_get_info(index, name, &size, &verbosity, &type, &values, NULL, &description, &binding, &scope) !=
      MPI_SUCCESS)
    name[0] = 0;
}

#endif
