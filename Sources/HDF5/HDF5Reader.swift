import CHDF5
import System
import SystemPackage

/// A file of HDF5 from outside, open for reading. Nothing in it is trusted: kinds, extents and sizes are checked before
/// memory is taken, and links out of the file are refused.
package struct HDF5Reader: ~Copyable {
  /// Bytes of a piece of a dataset at most; HDF5 takes memory for one.
  private static let pieceLimit = 16 << 20

  /// Bytes of a text at most.
  private static let textLimit = 16 << 20
  /// Texts of a list at most.
  private static let listLimit = 100_000
  /// Bytes of an attribute at most.
  private static let attributeLimit = 1 << 16

  package let path: String
  private let content: HDF5Content
  private let file: HDF5Handle
  package let fileBytes: Int

  /// - Throws: `.missing`, `.cannotRead`, `.wrongKind` where it is no HDF5 file, `.damaged` where HDF5 cannot open it.
  package static func open(_ path: String, as content: HDF5Content) throws(FileError) -> HDF5Reader {
    guard let status = try FileSystem.status(path) else {
      throw FileError(.missing, path: path, problem: content.absence)
    }
    guard status.type == .regular else {
      let kind = status.type == .directory ? "a folder" : "not a regular file"
      throw FileError(.wrongKind, path: path, problem: "expected a \(content.noun) (an HDF5 file), found \(kind)")
    }
    let fileBytes = Int(status.size)
    let beginning = try FileSystem.beginning(of: path, limit: 512)
    guard beginning.starts(with: FileKind.hdf5Signature) else {
      throw FileError(
        .wrongKind, path: path,
        problem:
          "expected a \(content.noun) (an HDF5 file), found \(Self.name(beginning, content)) of \(byteText(fileBytes))",
        advice: FileKind(beginning) == .safetensors
          ? "A training begins with its weights by `prelu-dist train --weights`" : "")
    }
    let file = try open(path, fileBytes: fileBytes, as: content)
    return HDF5Reader(path: path, content: content, file: file, fileBytes: fileBytes)
  }

  /// Returns a noun with its article for a file that is not whole HDF5.
  private static func name(_ beginning: [UInt8], _ content: HDF5Content) -> String {
    let kind = FileKind(beginning)
    switch kind {
    case .hdf5: return "one whose first 8 bytes are damaged,"
    case .zip where content.noun != "pack": return "\(kind.name), as PyTorch and NumPy write them,"
    default: return kind.name
    }
  }

  private init(path: String, content: HDF5Content, file: consuming HDF5Handle, fileBytes: Int) {
    self.path = path
    self.content = content
    self.file = file
    self.fileBytes = fileBytes
  }

  private static func open(
    _ path: String, fileBytes: Int, as content: HDF5Content
  ) throws(FileError) -> HDF5Handle {
    do throws(HDF5Error) {
      let access = try HDF5Handle(H5Pcreate(hdf5_file_access()), "H5Pcreate", path)
      // Best effort: file systems without locks are common on clusters.
      guard H5Pset_file_locking(access.id, content.locks, true) >= 0 else {
        throw HDF5Error(call: "H5Pset_file_locking", subject: path)
      }
      return try HDF5Handle(H5Fopen(path, hdf5_read_only(), access.id), "H5Fopen", path)
    } catch {
      if error.isLock {
        throw FileError(
          .cannotRead, path: path, problem: "the file cannot be locked for reading (\(error))",
          advice: "If no other program writes it, the file system may lack locks: set HDF5_USE_FILE_LOCKING=FALSE")
      }
      if let code = error.systemError {
        throw FileError(.cannotRead, path: path, problem: "cannot be read: \(code) (\(error))")
      }
      throw content.damaged(path, "HDF5 cannot open it (\(error)); it has \(byteText(fileBytes))")
    }
  }

  package func damaged(_ problem: String) -> FileError {
    content.damaged(path, problem)
  }

  /// A failed call on a file that opened well: it is damaged, unless the system says otherwise.
  private func failure(_ error: HDF5Error) -> FileError {
    guard let code = error.systemError else { return damaged("\(error)") }
    return FileError(.cannotRead, path: path, problem: "cannot be read: \(code) (\(error))")
  }

  /// The result of a call of HDF5 that did not fail.
  func checked<Result: SignedInteger>(
    _ result: Result, _ call: String, _ subject: String
  ) throws(FileError) -> Result {
    if result < 0 { throw failure(HDF5Error(call: call, subject: subject)) }
    return result
  }

  func handle(_ id: hid_t, _ call: String, _ subject: String) throws(FileError) -> HDF5Handle {
    do throws(HDF5Error) {
      return try HDF5Handle(id, call, subject)
    } catch {
      throw failure(error)
    }
  }

  // MARK: - Objects

  /// Whether there is a link of that name.
  package func exists(_ names: String...) throws(FileError) -> Bool {
    let name = names[names.count - 1]
    let parent = try object(Array(names.dropLast()), kind: H5I_GROUP)
    return try checked(H5Lexists(parent.id, name, hid_t(H5P_DEFAULT)), "H5Lexists", location(names)) > 0
  }

  /// The object that `names` lead to, from the root; each step must be a link inside the file.
  func object(_ names: [String], kind: H5I_type_t) throws(FileError) -> HDF5Handle {
    var current = try handle(H5Gopen2(file.id, "/", hid_t(H5P_DEFAULT)), "H5Gopen2", "/")
    for (index, name) in names.enumerated() {
      let here = location(Array(names[...index]))
      guard try checked(H5Lexists(current.id, name, hid_t(H5P_DEFAULT)), "H5Lexists", here) > 0 else {
        throw damaged("\(here) is missing")
      }
      guard hdf5_link_kind(current.id, name) == CInt(H5L_TYPE_HARD.rawValue) else {
        throw damaged("\(here) is a link to elsewhere, which a \(content.noun) never holds")
      }
      let next = try handle(H5Oopen(current.id, name, hid_t(H5P_DEFAULT)), "H5Oopen", here)
      let found = H5Iget_type(next.id)
      let expected = index == names.count - 1 ? kind : H5I_GROUP
      guard found == expected else {
        throw damaged("\(here) is not a \(expected == H5I_GROUP ? "group" : "dataset")")
      }
      current = next
    }
    return current
  }

  func location(_ names: [String]) -> String {
    "/" + names.map { $0.shown() }.joined(separator: "/")
  }

  /// A dataset whose storage is inside the file and of the kinds that this program writes.
  func dataset(_ names: [String]) throws(FileError) -> HDF5Handle {
    let here = location(names)
    let dataset = try object(names, kind: H5I_DATASET)
    let properties = try handle(H5Dget_create_plist(dataset.id), "H5Dget_create_plist", here)
    let layout = H5Pget_layout(properties.id)
    guard layout == H5D_COMPACT || layout == H5D_CONTIGUOUS || layout == H5D_CHUNKED else {
      throw damaged("\(here) has a storage layout that a \(content.noun) never has")
    }
    guard layout != H5D_CONTIGUOUS || H5Pget_external_count(properties.id) == 0 else {
      throw damaged("\(here) is stored in another file, which a \(content.noun) never is")
    }
    let filters = try checked(H5Pget_nfilters(properties.id), "H5Pget_nfilters", here)
    for index in 0..<filters {
      var count = 0
      var flags: UInt32 = 0
      var configuration: UInt32 = 0
      let filter = H5Pget_filter2(properties.id, UInt32(index), &flags, &count, nil, 0, nil, &configuration)
      guard filter == CInt(H5Z_FILTER_FLETCHER32) else {
        throw FileError(
          .wrongKind, path: path,
          problem: "\(here) is stored with HDF5's filter \(filter); a \(content.noun) has only checksums (filter 3)",
          advice: "If it was repacked, undo that with h5repack -f FLET")
      }
    }
    if layout == H5D_CHUNKED {
      var extents = [hsize_t](repeating: 0, count: Int(H5S_MAX_RANK))
      let rank = try checked(H5Pget_chunk(properties.id, H5S_MAX_RANK, &extents), "H5Pget_chunk", here)
      let type = try handle(H5Dget_type(dataset.id), "H5Dget_type", here)
      guard let bytes = product(extents.prefix(Int(rank)), times: H5Tget_size(type.id)), bytes <= Self.pieceLimit else {
        throw damaged("\(here) is stored in pieces of more than \(byteText(Self.pieceLimit))")
      }
    }
    return dataset
  }

  /// The product, unless it is no positive number of bytes that could be in the file's own words.
  private func product(_ extents: some Sequence<hsize_t>, times size: Int) -> Int? {
    var product = size
    for extent in extents {
      guard let factor = Int(exactly: extent) else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: factor)
      guard !overflow else { return nil }
      product = next
    }
    return product
  }

  /// A dataset's extents, after a check that all of its bytes are in the file.
  func shape(of dataset: borrowing HDF5Handle, size: Int, _ here: String) throws(FileError) -> [Int] {
    let space = try handle(H5Dget_space(dataset.id), "H5Dget_space", here)
    let kind = H5Sget_simple_extent_type(space.id)
    guard kind == H5S_SCALAR || kind == H5S_SIMPLE else { throw damaged("\(here) has no extents") }
    let rank = try checked(H5Sget_simple_extent_ndims(space.id), "H5Sget_simple_extent_ndims", here)
    // HDF5 opens nothing that has more dimensions.
    var extents = [hsize_t](repeating: 0, count: Int(H5S_MAX_RANK))
    _ = try checked(H5Sget_simple_extent_dims(space.id, &extents, nil), "H5Sget_simple_extent_dims", here)
    guard let bytes = product(extents.prefix(Int(rank)), times: size), bytes <= fileBytes else {
      throw damaged(
        "\(here) claims \(extents.prefix(Int(rank))) values, more than the file of \(byteText(fileBytes)) holds")
    }
    guard H5Dget_storage_size(dataset.id) >= UInt64(bytes) else {
      throw damaged("\(here) has \(H5Dget_storage_size(dataset.id)) of its \(bytes) bytes")
    }
    return extents.prefix(Int(rank)).map { Int($0) }
  }

  // MARK: - Texts and numbers

  /// A scalar text.
  package func text(_ names: String...) throws(FileError) -> String {
    let (texts, isScalar) = try texts(names)
    guard isScalar, texts.count == 1 else { throw damaged("\(location(names)) is not one text") }
    return texts[0]
  }

  /// A list of texts.
  package func list(_ names: String...) throws(FileError) -> [String] {
    let (texts, isScalar) = try texts(names)
    guard !isScalar else { throw damaged("\(location(names)) is not a list") }
    return texts
  }

  private func texts(_ names: [String]) throws(FileError) -> (texts: [String], isScalar: Bool) {
    let here = location(names)
    let dataset = try dataset(names)
    let type = try handle(H5Dget_type(dataset.id), "H5Dget_type", here)
    let size = try textSize(type, here)
    let shape = try shape(of: dataset, size: size, here)
    guard shape.count <= 1, (shape.first ?? 1) <= Self.listLimit else {
      throw damaged("\(here) is neither a text nor a list of at most \(Self.listLimit)")
    }
    let count = shape.first ?? 1
    guard size * count <= Self.textLimit else {
      throw damaged("\(here) has \(size * count) bytes, at most \(Self.textLimit) are read")
    }
    var bytes = [UInt8](repeating: 0, count: max(1, size * count))
    if count > 0 {
      _ = try checked(
        H5Dread(dataset.id, type.id, hid_t(H5S_ALL), hid_t(H5S_ALL), hid_t(H5P_DEFAULT), &bytes), "H5Dread", here)
    }
    var texts: [String] = []
    for index in 0..<count {
      texts.append(try decoded(bytes[(index * size)..<((index + 1) * size)], here))
    }
    return (texts, shape.isEmpty)
  }

  /// An attribute of the file: a scalar text. Nil where there is none.
  package func attribute(_ name: String) throws(FileError) -> String? {
    try attribute(name, of: file.id, "the attribute \(name)")
  }

  /// An attribute of the dataset that `names` lead to: a scalar text. Nil where there is none.
  package func attribute(_ name: String, of names: [String]) throws(FileError) -> String? {
    let dataset = try dataset(names)
    return try attribute(name, of: dataset.id, "the attribute \(name) of \(location(names))")
  }

  private func attribute(_ name: String, of object: hid_t, _ here: String) throws(FileError) -> String? {
    guard let attribute = try openAttribute(name, of: object, here) else { return nil }
    let type = try handle(H5Aget_type(attribute.handle.id), "H5Aget_type", here)
    let size = try textSize(type, here)
    guard size <= Self.attributeLimit else {
      throw damaged("\(here) has \(size) bytes, at most \(Self.attributeLimit) are read")
    }
    var bytes = [UInt8](repeating: 0, count: size)
    _ = try checked(H5Aread(attribute.handle.id, type.id, &bytes), "H5Aread", here)
    return try decoded(bytes[...], here)
  }

  /// An attribute of the file: a whole number of 4 bytes. Nil where there is none.
  package func numberAttribute(_ name: String) throws(FileError) -> Int32? {
    let here = "the attribute \(name)"
    guard let attribute = try openAttribute(name, of: file.id, here) else { return nil }
    let type = try handle(H5Aget_type(attribute.handle.id), "H5Aget_type", here)
    guard H5Tget_class(type.id) == H5T_INTEGER, H5Tget_size(type.id) == 4 else {
      throw damaged("\(here) is not a whole number of 4 bytes")
    }
    var number: Int32 = 0
    _ = try checked(H5Aread(attribute.handle.id, hdf5_native_int32(), &number), "H5Aread", here)
    return number
  }

  private struct Attribute: ~Copyable {
    let handle: HDF5Handle
  }

  private func openAttribute(_ name: String, of object: hid_t, _ here: String) throws(FileError) -> Attribute? {
    guard try checked(H5Aexists(object, name), "H5Aexists", here) > 0 else { return nil }
    let attribute = try handle(H5Aopen(object, name, hid_t(H5P_DEFAULT)), "H5Aopen", here)
    let space = try handle(H5Aget_space(attribute.id), "H5Aget_space", here)
    guard H5Sget_simple_extent_type(space.id) == H5S_SCALAR else { throw damaged("\(here) is not a scalar") }
    return Attribute(handle: attribute)
  }

  private func textSize(_ type: borrowing HDF5Handle, _ here: String) throws(FileError) -> Int {
    guard H5Tget_class(type.id) == H5T_STRING, H5Tis_variable_str(type.id) == 0 else {
      throw damaged("\(here) is not a text of fixed size")
    }
    let size = H5Tget_size(type.id)
    guard size > 0, size <= Self.textLimit else {
      throw damaged("\(here) is a text of \(size) bytes, at most \(Self.textLimit) are read")
    }
    return size
  }

  /// The text before the first zero byte.
  private func decoded(_ bytes: ArraySlice<UInt8>, _ here: String) throws(FileError) -> String {
    guard let text = String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self) else {
      throw damaged("\(here) is not UTF-8")
    }
    return text
  }

  // MARK: - Tensors

  /// A tensor's extents, after a check that it is one of 4-byte floats.
  package func tensorShape(_ names: String...) throws(FileError) -> [Int] {
    try tensor(names).shape
  }

  private struct Tensor: ~Copyable {
    let dataset: HDF5Handle
    let shape: [Int]
  }

  private func tensor(_ names: [String]) throws(FileError) -> Tensor {
    let here = location(names)
    let dataset = try dataset(names)
    let type = try handle(H5Dget_type(dataset.id), "H5Dget_type", here)
    guard H5Tget_class(type.id) == H5T_FLOAT, H5Tget_size(type.id) == 4 else {
      throw damaged("\(here) does not hold floating-point numbers of 4 bytes")
    }
    let shape = try shape(of: dataset, size: 4, here)
    guard !shape.contains(0) else { throw damaged("\(here) has the shape \(shape), expected no extent of 0") }
    return Tensor(dataset: dataset, shape: shape)
  }

  /// All values of a tensor, in memory of their own. ``tensorShape(_:)`` says beforehand how many there are.
  package func values(_ names: String...) throws(FileError) -> [Float] {
    var values = [Float](repeating: 0, count: try tensor(names).shape.reduce(1, *))
    try values.withUnsafeMutableBufferPointer { (values) throws(FileError) in try read(into: values, names) }
    return values
  }

  /// Reads a tensor to where it belongs. `values` has as many as the tensor.
  package func read(into values: UnsafeMutableBufferPointer<Float>, _ names: String...) throws(FileError) {
    try read(into: values, names)
  }

  package func read(into values: UnsafeMutableBufferPointer<Float>, _ names: [String]) throws(FileError) {
    let tensor = try tensor(names)
    let count = tensor.shape.reduce(1, *)
    precondition(count == values.count, "\(location(names)) has \(count) values, the memory is for \(values.count)")
    _ = try checked(
      H5Dread(
        tensor.dataset.id, hdf5_native_float(), hid_t(H5S_ALL), hid_t(H5S_ALL), hid_t(H5P_DEFAULT),
        values.baseAddress!), "H5Dread", location(names))
  }

  /// Calls `body` with a tensor's values, piece by piece in their order.
  package func readPieces(
    _ names: [String], _ body: (UnsafeBufferPointer<Float>) -> Void
  ) throws(FileError) {
    let here = location(names)
    let tensor = try tensor(names)
    let chunk = TensorChunk(tensor.shape)
    let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: chunk.count)
    defer { values.deallocate() }
    let space = try handle(H5Dget_space(tensor.dataset.id), "H5Dget_space", here)
    for piece in chunk.pieces {
      let count = piece.extents.reduce(1, *)
      if !piece.extents.isEmpty {
        _ = try checked(
          H5Sselect_hyperslab(
            space.id, H5S_SELECT_SET, piece.start.map { hsize_t($0) }, nil, piece.extents.map { hsize_t($0) }, nil),
          "H5Sselect_hyperslab", here)
      }
      // The memory has the extents of the piece: between unlike extents HDF5 copies value by value, ten times slower.
      let extents = piece.extents.map { hsize_t($0) }
      let memory = try handle(
        extents.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(CInt(extents.count), extents, nil),
        "H5Screate_simple", here)
      _ = try checked(
        H5Dread(tensor.dataset.id, hdf5_native_float(), memory.id, space.id, hid_t(H5P_DEFAULT), values.baseAddress!),
        "H5Dread", here)
      body(UnsafeBufferPointer(rebasing: values[..<count]))
    }
  }
}
