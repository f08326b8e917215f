import CHDF5

/// A group, or the file as its root, that objects are written to.
package struct HDF5Writer: ~Copyable {
  let handle: HDF5Handle
  /// The name of the file or group in messages.
  let subject: String
  private let sink: FileSink

  /// Whether the system has refused to write something: what is written from then on goes nowhere.
  package var hasFailed: Bool { sink.error != nil }

  /// A new file in the sink.
  init(_ sink: FileSink) throws(HDF5Error) {
    let creation = try HDF5Handle(H5Pcreate(hdf5_file_create()), "H5Pcreate", sink.path)
    _ = try checked(H5Pset_obj_track_times(creation.id, false), "H5Pset_obj_track_times", sink.path)
    let access = try HDF5Handle(H5Pcreate(hdf5_file_access()), "H5Pcreate", sink.path)
    // The format of 1.8: the oldest one in which the headers of groups and tensors have checksums too.
    _ = try checked(
      H5Pset_libver_bounds(access.id, H5F_LIBVER_V18, H5F_LIBVER_V18), "H5Pset_libver_bounds", sink.path)
    handle = try sink.createFile(creation: creation, access: access)
    subject = sink.path
    self.sink = sink
  }

  private init(_ handle: consuming HDF5Handle, subject: String, sink: FileSink) {
    self.handle = handle
    self.subject = subject
    self.sink = sink
  }

  /// Calls `body` with the group `name` in this one, which is created where it is missing.
  package func inGroup(_ name: String, _ body: (borrowing HDF5Writer) throws(HDF5Error) -> Void) throws(HDF5Error) {
    let subject = "\(name) in \(self.subject)"
    let exists = try checked(H5Lexists(handle.id, name, hid_t(H5P_DEFAULT)), "H5Lexists", subject) > 0
    let group =
      exists
      ? try HDF5Handle(H5Gopen2(handle.id, name, hid_t(H5P_DEFAULT)), "H5Gopen2", subject)
      : try create(group: name, subject)
    try body(HDF5Writer(group, subject: subject, sink: sink))
  }

  private func create(group name: String, _ subject: String) throws(HDF5Error) -> HDF5Handle {
    // Times in the headers would make files of equal contents differ.
    let properties = try HDF5Handle(H5Pcreate(hdf5_group_create()), "H5Pcreate", subject)
    _ = try checked(H5Pset_obj_track_times(properties.id, false), "H5Pset_obj_track_times", subject)
    return try HDF5Handle(
      H5Gcreate2(handle.id, name, hid_t(H5P_DEFAULT), properties.id, hid_t(H5P_DEFAULT)), "H5Gcreate2", subject)
  }

  /// Flushes and closes a file. All of its groups must be closed.
  consuming func close() throws(HDF5Error) {
    _ = try checked(H5Fflush(handle.id, H5F_SCOPE_GLOBAL), "H5Fflush", subject)
    try handle.close("H5Fclose", subject)
  }

  // MARK: - Attributes

  /// Writes a text as an attribute of a dataset in this group, or of the group itself.
  package func writeAttribute(_ name: String, of dataset: String? = nil, _ text: String) throws(HDF5Error) {
    let bytes = [UInt8](text.utf8) + [0]
    try writeAttribute(name, of: dataset, try Self.textType(size: bytes.count, name), bytes)
  }

  package func writeAttribute(_ name: String, _ number: Int32) throws(HDF5Error) {
    let type = try HDF5Handle(H5Tcopy(hdf5_file_int32()), "H5Tcopy", name)
    try writeAttribute(name, of: nil, type, [number.littleEndian])
  }

  /// Writes a scalar. `values` are in the type of the file already.
  private func writeAttribute<Value: BitwiseCopyable>(
    _ name: String, of dataset: String?, _ type: borrowing HDF5Handle, _ values: [Value]
  ) throws(HDF5Error) {
    let subject = "the attribute \(name) of \(dataset.map { "\($0) in " } ?? "")\(self.subject)"
    let extent = try HDF5Extent([])
    let standard = hid_t(H5P_DEFAULT)
    let attribute = try HDF5Handle(
      H5Acreate_by_name(handle.id, dataset ?? ".", name, type.id, extent.space.id, standard, standard, standard),
      "H5Acreate_by_name", subject)
    _ = try checked(H5Awrite(attribute.id, type.id, values), "H5Awrite", subject)
  }

  // MARK: - Datasets

  /// A scalar text: UTF-8 that ends with a zero byte, as Caffe reads it.
  package func write(_ text: String, _ name: String) throws(HDF5Error) {
    let bytes = [UInt8](text.utf8) + [0]
    let type = try Self.textType(size: bytes.count, name)
    // In the object's header, which has a checksum, where that has room; the header's digest covers the others.
    let dataset = try create(name, type: type.id, shape: [], isCompact: bytes.count <= 32 << 10)
    _ = try checked(
      H5Dwrite(dataset.id, type.id, hid_t(H5S_ALL), hid_t(H5S_ALL), hid_t(H5P_DEFAULT), bytes), "H5Dwrite",
      "\(name) in \(subject)")
  }

  /// A list of texts, each padded to the longest.
  package func write(_ texts: [String], _ name: String) throws(HDF5Error) {
    let size = (texts.map(\.utf8.count).max() ?? 0) + 1
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size * texts.count)
    for text in texts {
      bytes.append(contentsOf: text.utf8)
      bytes.append(contentsOf: repeatElement(0, count: size - text.utf8.count))
    }
    let type = try Self.textType(size: size, name)
    let dataset = try create(name, type: type.id, shape: [texts.count], isCompact: false)
    _ = try checked(
      H5Dwrite(dataset.id, type.id, hid_t(H5S_ALL), hid_t(H5S_ALL), hid_t(H5P_DEFAULT), bytes), "H5Dwrite",
      "\(name) in \(subject)")
  }

  /// A list of one number, as Caffe has it.
  package func write(_ number: Int32, _ name: String) throws(HDF5Error) {
    let dataset = try create(name, type: hdf5_file_int32(), shape: [1], isCompact: false)
    _ = try checked(
      H5Dwrite(
        dataset.id, hdf5_native_int32(), hid_t(H5S_ALL), hid_t(H5S_ALL), hid_t(H5P_DEFAULT), [number]), "H5Dwrite",
      "\(name) in \(subject)")
  }

  /// A tensor of values.
  package func write(_ values: [Float], shape: [Int], _ name: String) throws(HDF5Error) {
    try values.withUnsafeBufferPointer { (values) throws(HDF5Error) in try write(values, shape: shape, name) }
  }

  /// A tensor, straight from where it lies.
  package func write(_ values: UnsafeBufferPointer<Float>, shape: [Int], _ name: String) throws(HDF5Error) {
    let dataset = try create(name, type: hdf5_file_float32(), shape: shape, isCompact: shape.isEmpty)
    _ = try checked(
      H5Dwrite(
        dataset.id, hdf5_native_float(), hid_t(H5S_ALL), hid_t(H5S_ALL), hid_t(H5P_DEFAULT), values.baseAddress!),
      "H5Dwrite", "\(name) in \(subject)")
  }

  /// A dataset in pieces with a checksum each; scalars and empty lists have no pieces.
  private func create(
    _ name: String, type: hid_t, shape: [Int], isCompact: Bool
  ) throws(HDF5Error) -> HDF5Handle {
    let subject = "\(name) in \(self.subject)"
    let extent = try HDF5Extent(shape)
    let properties = try HDF5Handle(H5Pcreate(hdf5_dataset_create()), "H5Pcreate", subject)
    // Times in the headers would make files of equal contents differ; every value is written, so none is filled in.
    _ = try checked(H5Pset_obj_track_times(properties.id, false), "H5Pset_obj_track_times", subject)
    _ = try checked(H5Pset_fill_time(properties.id, H5D_FILL_TIME_NEVER), "H5Pset_fill_time", subject)
    if isCompact {
      _ = try checked(H5Pset_layout(properties.id, H5D_COMPACT), "H5Pset_layout", subject)
    } else if !shape.isEmpty && !shape.contains(0) {
      let extents = TensorChunk(shape).extents.map { hsize_t($0) }
      _ = try checked(H5Pset_chunk(properties.id, CInt(extents.count), extents), "H5Pset_chunk", subject)
      _ = try checked(H5Pset_fletcher32(properties.id), "H5Pset_fletcher32", subject)
    }
    return try HDF5Handle(
      H5Dcreate2(
        handle.id, name, type, extent.space.id, hid_t(H5P_DEFAULT), properties.id, hid_t(H5P_DEFAULT)),
      "H5Dcreate2", subject)
  }

  static func textType(size: Int, _ name: String) throws(HDF5Error) -> HDF5Handle {
    let type = try HDF5Handle(H5Tcopy(hdf5_c_string()), "H5Tcopy", name)
    _ = try checked(H5Tset_size(type.id, size), "H5Tset_size", name)
    _ = try checked(H5Tset_cset(type.id, H5T_CSET_UTF8), "H5Tset_cset", name)
    return type
  }
}
