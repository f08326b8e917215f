import CHDF5

/// Arrays in one piece, which are read by their place in the file, without HDF5.
extension HDF5Writer {
  /// An array of numbers in one piece. None of `shape` is 0.
  package func writeArray<Number: HDF5Number>(
    _ values: [Number], shape: [Int], _ name: String
  ) throws(HDF5Error) {
    precondition(
      shape.reduce(1, *) == values.count && !values.isEmpty, "\(values.count) values as an array of \(shape)")
    let dataset = try createInOnePiece(name, type: Number.fileType, shape: shape)
    _ = try checked(
      H5Dwrite(
        dataset.id, Number.memoryType, hid_t(H5S_ALL), hid_t(H5S_ALL), hid_t(H5P_DEFAULT), values), "H5Dwrite",
      "\(name) in \(subject)")
  }

  /// A list of texts in one piece, each padded with zeros to the longest.
  package func writeTextArray(_ texts: [String], _ name: String) throws(HDF5Error) {
    let size = (texts.map(\.utf8.count).max() ?? 0) + 1
    var bytes = [UInt8](repeating: 0, count: size * texts.count)
    for (index, text) in texts.enumerated() {
      var place = index * size
      for byte in text.utf8 {
        bytes[place] = byte
        place += 1
      }
    }
    let type = try Self.textType(size: size, name)
    let dataset = try createInOnePiece(name, type: type.id, shape: [texts.count])
    _ = try checked(
      H5Dwrite(dataset.id, type.id, hid_t(H5S_ALL), hid_t(H5S_ALL), hid_t(H5P_DEFAULT), bytes), "H5Dwrite",
      "\(name) in \(subject)")
  }

  /// Makes room for `count` bytes in one piece, to be written later without HDF5. Returns where in the file it begins.
  package func reserveBytes(_ count: Int, _ name: String) throws(HDF5Error) -> Int {
    let dataset = try createInOnePiece(name, type: hdf5_file_uint8(), shape: [count])
    let offset = H5Dget_offset(dataset.id)
    guard offset != hdf5_no_address() else { throw HDF5Error(call: "H5Dget_offset", subject: "\(name) in \(subject)") }
    return Int(offset)
  }

  private func createInOnePiece(_ name: String, type: hid_t, shape: [Int]) throws(HDF5Error) -> HDF5Handle {
    let subject = "\(name) in \(self.subject)"
    let extent = try HDF5Extent(shape)
    let properties = try HDF5Handle(H5Pcreate(hdf5_dataset_create()), "H5Pcreate", subject)
    _ = try checked(H5Pset_obj_track_times(properties.id, false), "H5Pset_obj_track_times", subject)
    _ = try checked(H5Pset_layout(properties.id, H5D_CONTIGUOUS), "H5Pset_layout", subject)
    _ = try checked(H5Pset_alloc_time(properties.id, H5D_ALLOC_TIME_EARLY), "H5Pset_alloc_time", subject)
    _ = try checked(H5Pset_fill_time(properties.id, H5D_FILL_TIME_NEVER), "H5Pset_fill_time", subject)
    return try HDF5Handle(
      H5Dcreate2(
        handle.id, name, type, extent.space.id, hid_t(H5P_DEFAULT), properties.id, hid_t(H5P_DEFAULT)),
      "H5Dcreate2", subject)
  }
}
