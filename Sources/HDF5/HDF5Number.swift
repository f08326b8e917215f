import CHDF5

/// A kind of number that arrays in files are of.
package protocol HDF5Number: BitwiseCopyable {
  /// The type in the file, little-endian, and the one in memory.
  static var fileType: hid_t { get }
  static var memoryType: hid_t { get }
  static var kind: H5T_class_t { get }
}

extension UInt8: HDF5Number {
  package static var fileType: hid_t { hdf5_file_uint8() }
  package static var memoryType: hid_t { hdf5_native_uint8() }
  package static var kind: H5T_class_t { H5T_INTEGER }
}

extension Int32: HDF5Number {
  package static var fileType: hid_t { hdf5_file_int32() }
  package static var memoryType: hid_t { hdf5_native_int32() }
  package static var kind: H5T_class_t { H5T_INTEGER }
}

extension UInt64: HDF5Number {
  package static var fileType: hid_t { hdf5_file_uint64() }
  package static var memoryType: hid_t { hdf5_native_uint64() }
  package static var kind: H5T_class_t { H5T_INTEGER }
}

extension Double: HDF5Number {
  package static var fileType: hid_t { hdf5_file_float64() }
  package static var memoryType: hid_t { hdf5_native_double() }
  package static var kind: H5T_class_t { H5T_FLOAT }
}
