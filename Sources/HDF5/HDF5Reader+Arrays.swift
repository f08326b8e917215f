import CHDF5
import System

/// Arrays in one piece.
extension HDF5Reader {
  /// All numbers of an array with as many dimensions as `shape`, whose extents must be those of `shape` that are given.
  package func readArray<Number: HDF5Number>(
    _ names: String..., as type: Number.Type, shape: [Int?]
  ) throws(FileError) -> [Number] {
    let here = location(names)
    let dataset = try dataset(names)
    let extents = try extents(dataset, here, isOf: type)
    guard extents.count == shape.count, zip(extents, shape).allSatisfy({ $0 == $1 ?? $0 }) else {
      let expected = shape.map { $0.map(String.init) ?? "any" }
      throw damaged("\(here) has the extents \(extents) instead of [\(expected.joined(separator: ", "))]")
    }
    let count = extents.reduce(1, *)
    guard count > 0 else { return [] }
    return try [Number](capacity: count) { (values) throws(FileError) in
      try values.withUnsafeMutableBufferPointer { (values, written) throws(FileError) in
        _ = try checked(
          H5Dread(
            dataset.id, Number.memoryType, hid_t(H5S_ALL), hid_t(H5S_ALL), hid_t(H5P_DEFAULT), values.baseAddress!),
          "H5Dread", here)
        written = count
      }
    }
  }

  /// Where an array of bytes, or of texts of equal length, lies in the file.
  package struct Place: Sendable {
    /// The offset of the first byte in the file.
    package let offset: Int
    /// The count of numbers or texts.
    package let count: Int
    /// The bytes of each number or text.
    package let size: Int
  }

  /// The place of a list of bytes or texts that is stored in one piece, after a check that all of it is in the file.
  package func place(_ names: String...) throws(FileError) -> Place {
    let here = location(names)
    let dataset = try dataset(names)
    let type = try handle(H5Dget_type(dataset.id), "H5Dget_type", here)
    let kind = H5Tget_class(type.id)
    let size = H5Tget_size(type.id)
    guard kind == H5T_STRING && H5Tis_variable_str(type.id) == 0 || kind == H5T_INTEGER && size == 1 else {
      throw damaged("\(here) holds neither bytes nor texts of one length")
    }
    let extents = try shape(of: dataset, size: size, here)
    let offset = H5Dget_offset(dataset.id)
    guard extents.count == 1, offset != hdf5_no_address(), let start = Int(exactly: offset),
      start <= fileBytes - extents[0] * size
    else { throw damaged("\(here) is not a list in one piece inside the file") }
    return Place(offset: start, count: extents[0], size: size)
  }

  private func extents<Number: HDF5Number>(
    _ dataset: borrowing HDF5Handle, _ here: String, isOf: Number.Type
  ) throws(FileError) -> [Int] {
    let type = try handle(H5Dget_type(dataset.id), "H5Dget_type", here)
    guard H5Tget_class(type.id) == Number.kind, H5Tget_size(type.id) == MemoryLayout<Number>.size else {
      throw damaged("\(here) does not hold numbers of the kind \(Number.self)")
    }
    return try shape(of: dataset, size: MemoryLayout<Number>.size, here)
  }
}
