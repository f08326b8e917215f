import CHDF5

/// The owner of one identifier of HDF5, of any kind; closes it.
package struct HDF5Handle: ~Copyable {
  package let id: hid_t

  /// Takes over the identifier that a call gave. A failed call makes no owner, so nobody else's is ever closed.
  package init(_ id: hid_t, _ call: String, _ subject: String) throws(HDF5Error) {
    self.id = try checked(id, call, subject)
  }

  deinit {
    H5Idec_ref(id)
  }

  /// Closes, and says when that fails, which `deinit` cannot.
  package consuming func close(_ call: String, _ subject: String) throws(HDF5Error) {
    let id = self.id
    discard self
    _ = try checked(H5Idec_ref(id), call, subject)
  }
}

/// An extent in HDF5: no dimensions is a scalar.
package struct HDF5Extent: ~Copyable {
  package let space: HDF5Handle

  package init(_ shape: [Int]) throws(HDF5Error) {
    if shape.isEmpty {
      space = try HDF5Handle(H5Screate(H5S_SCALAR), "H5Screate", "a scalar")
    } else {
      let extents = shape.map { hsize_t($0) }
      space = try HDF5Handle(
        H5Screate_simple(CInt(extents.count), extents, nil), "H5Screate_simple", "\(shape)")
    }
  }
}
