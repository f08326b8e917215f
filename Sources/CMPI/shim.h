#include <mpi.h>

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
