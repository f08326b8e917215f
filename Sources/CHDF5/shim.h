#ifndef PRELU_DIST_CHDF5_SHIM_H
#define PRELU_DIST_CHDF5_SHIM_H

#include <hdf5.h>
// From 1.13 on, what a file driver is made of has a header of its own.
#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

// HDF5's constants below are macros that call H5open() and then read a variable: Swift imports neither.
static inline hid_t hdf5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t hdf5_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t hdf5_group_create(void) { return H5P_GROUP_CREATE; }
static inline hid_t hdf5_file_create(void) { return H5P_FILE_CREATE; }

static inline hid_t hdf5_file_float32(void) { return H5T_IEEE_F32LE; }
static inline hid_t hdf5_native_float(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t hdf5_file_int32(void) { return H5T_STD_I32LE; }
static inline hid_t hdf5_native_int32(void) { return H5T_NATIVE_INT32; }
static inline hid_t hdf5_file_uint8(void) { return H5T_STD_U8LE; }
static inline hid_t hdf5_native_uint8(void) { return H5T_NATIVE_UINT8; }
static inline hid_t hdf5_file_uint64(void) { return H5T_STD_U64LE; }
static inline hid_t hdf5_native_uint64(void) { return H5T_NATIVE_UINT64; }
static inline hid_t hdf5_file_float64(void) { return H5T_IEEE_F64LE; }
static inline hid_t hdf5_native_double(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t hdf5_c_string(void) { return H5T_C_S1; }

// Macros with casts, which Swift does not import.
static inline unsigned hdf5_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned hdf5_truncate(void) { return H5F_ACC_TRUNC; }
static inline haddr_t hdf5_no_address(void) { return HADDR_UNDEF; }
static inline long hdf5_open_identifiers(void) { return (long)H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL); }

// The kind of the link `name`, negative where there is none. H5Lget_info is a macro from 1.12 on.
static inline int hdf5_link_kind(hid_t location, const char *_Nonnull name) {
  H5L_info_t information;
  return H5Lget_info(location, name, &information, H5P_DEFAULT) < 0 ? -1 : (int)information.type;
}

// An open file of a driver of ours: HDF5 wants its own part first, in one allocation with the driver's.
typedef struct {
  H5FD_t part_of_hdf5;
  haddr_t end_of_allocation;
  void *_Nullable driver_data;
} hdf5_driver_file;

// A driver's description with what later versions of HDF5 ask for in addition; everything else is zero.
static inline H5FD_class_t hdf5_driver_class(void) {
  H5FD_class_t description = {0};
#if H5_VERSION_GE(1, 13, 0)
  description.version = H5FD_CLASS_VERSION;
  description.value = (H5FD_class_value_t)513;
#endif
  return description;
}

#endif
