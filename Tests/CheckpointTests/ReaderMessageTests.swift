import CHDF5
import Foundation
import HDF5
import System
import TestSupport
import Testing

/// The messages about an object in an HDF5 file that is not the one looked for.
@Suite struct ReaderMessageTests {
  private let folder: ScratchFolder
  private let path: String

  init() throws {
    folder = try ScratchFolder()
    path = folder.file("a.h5")
  }

  /// A file with one thing in it, and what is said when it is read.
  struct Case: CustomTestStringConvertible, Sendable {
    let words: String
    let make: @Sendable (_ file: hid_t) -> Void
    let read: @Sendable (_ file: borrowing HDF5Reader) throws(FileError) -> Void

    init(
      _ words: String, _ make: @escaping @Sendable (_ file: hid_t) -> Void,
      _ read: @escaping @Sendable (_ file: borrowing HDF5Reader) throws(FileError) -> Void
    ) {
      self.words = words
      self.make = make
      self.read = read
    }

    var testDescription: String { words }
  }

  private static let cases: [Case] = texts + attributes + arrays

  private static let texts = [
    Case("/a is not one text", { dataset($0, text(2), [3]) }, readText),
    Case("/a is not one text", { dataset($0, text(2), [1]) }, readText),
    Case("/a is not a list", { dataset($0, text(2), []) }, readList),
    Case("/a is neither a text nor a list of at most 100000", { dataset($0, text(2), [2, 2]) }, readList),
    Case("/a is neither a text nor a list of at most 100000", { dataset($0, text(2), [100_001]) }, readList),
    Case("/a has 20000000 bytes, at most 16777216 are read", { dataset($0, text(200), [100_000]) }, readList),
    Case("/a is not UTF-8", { dataset($0, text(2), [2], [0x61, 0, 0xC3, 0x28]) }, readList),
    Case("/a is not a text of fixed size", { dataset($0, hdf5_file_int32(), []) }, readText),
    Case("/a is not a dataset", { H5Gclose(H5Gcreate2($0, "a", plain, plain, plain)) }, readText),
    Case("/a is not a group", { dataset($0, text(2), []) }, { file throws(FileError) in _ = try file.text("a", "b") }),
    Case("/a has a storage layout that a pack never has", makeVirtual, readArray),
  ]

  private static let attributes = [
    Case("the attribute a is not a scalar", { attribute($0, text(2), [3]) }, readAttribute),
    Case("the attribute a is not a text of fixed size", { attribute($0, hdf5_file_int32(), []) }, readAttribute),
    Case("the attribute a has 70000 bytes, at most 65536 are read", { attribute($0, text(70_000), []) }, readAttribute),
    Case("the attribute a is not UTF-8", { attribute($0, text(2), [], [0xC3, 0x28]) }, readAttribute),
    Case("the attribute a is not a whole number of 4 bytes", { attribute($0, hdf5_file_uint64(), []) }, readNumber),
    Case("the attribute a is not a whole number of 4 bytes", { attribute($0, hdf5_file_float32(), []) }, readNumber),
    Case("the attribute a is not a scalar", { attribute($0, hdf5_file_int32(), [1]) }, readNumber),
  ]

  private static let arrays = [
    Case("/a does not hold numbers of the kind Int32", { dataset($0, hdf5_file_float32(), [2, 3]) }, readArray),
    Case("/a does not hold numbers of the kind Int32", { dataset($0, hdf5_file_uint64(), [2, 3]) }, readArray),
    Case("/a has the extents [2, 2] instead of [any, 3]", { dataset($0, hdf5_file_int32(), [2, 2]) }, readArray),
    Case("/a has the extents [3] instead of [any, 3]", { dataset($0, hdf5_file_int32(), [3]) }, readArray),
    Case("/a holds neither bytes nor texts of one length", { dataset($0, hdf5_file_int32(), [4]) }, findPlace),
    Case("/a is not a list in one piece inside the file", { dataset($0, hdf5_file_uint8(), [4, 2]) }, findPlace),
    Case(
      "/a is not a list in one piece inside the file",
      { file in
        let properties = H5Pcreate(hdf5_dataset_create())
        H5Pset_layout(properties, H5D_COMPACT)
        dataset(file, hdf5_file_uint8(), [4], properties)
      }, findPlace),
  ]

  @Test(arguments: cases) func theObjectIsNamed(_ one: Case) throws {
    make(one.make)
    let error = #expect(throws: FileError.self) {
      try HDF5Library.exclusively { try one.read(HDF5Reader.open(path, as: Self.content)) }
    }
    #expect(error?.kind == .damaged)
    #expect(error?.description == "\(path): the pack is damaged: \(one.words). Make it again")
    #expect(HDF5Library.openIdentifiers == 0)
  }

  /// The reading fails as from a device that fails when the file is open already: here the descriptor is a folder's
  /// from then on, from which the system reads nothing.
  @Test func whatTheSystemRefusesIsNotTakenForDamage() throws {
    make { Self.dataset($0, hdf5_file_int32(), [5000, 3]) }
    let error = #expect(throws: FileError.self) {
      try HDF5Library.exclusively {
        let file = try HDF5Reader.open(path, as: Self.content)
        let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { CInt($0) }
        let own = try #require(
          descriptors.first {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path
          })
        let other = open(folder.path, O_RDONLY)
        dup2(other, own)
        close(other)
        try Self.readArray(file)
      }
    }
    #expect(error?.kind == .cannotRead)
    #expect(
      error?.description.hasPrefix("\(path): cannot be read: Is a directory (H5") == true,
      "\(String(describing: error))")
  }

  // MARK: - Making

  private static let content = HDF5Content(noun: "pack", adviceOnDamage: "Make it again")
  private static let plain = hid_t(H5P_DEFAULT)

  private func make(_ body: (_ file: hid_t) -> Void) {
    HDF5Library.exclusively {
      let access = H5Pcreate(hdf5_file_access())
      // The format in which attributes may be large.
      H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V110)
      // A program that another test starts at this moment inherits the file, and would hold a lock on it.
      H5Pset_file_locking(access, false, true)
      let file = H5Fcreate(path, hdf5_truncate(), Self.plain, access)
      #expect(file >= 0)
      body(file)
      H5Pclose(access)
      #expect(H5Fclose(file) >= 0)
    }
  }

  /// The type of texts of so many bytes; types are few, and stay open until the file is closed.
  private static func text(_ size: Int) -> hid_t {
    let type = H5Tcopy(hdf5_c_string())
    H5Tset_size(type, size)
    return type
  }

  /// Makes the dataset `a`, all of whose room is in the file, with `bytes` or with whatever.
  private static func dataset(
    _ file: hid_t, _ type: hid_t, _ extents: [hsize_t], _ bytes: [UInt8] = [], _ own: hid_t? = nil
  ) {
    let properties = own ?? H5Pcreate(hdf5_dataset_create())
    H5Pset_alloc_time(properties, H5D_ALLOC_TIME_EARLY)
    H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER)
    let space = extents.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(CInt(extents.count), extents, nil)
    let dataset = H5Dcreate2(file, "a", type, space, plain, properties, plain)
    #expect(dataset >= 0)
    if !bytes.isEmpty { #expect(H5Dwrite(dataset, type, hid_t(H5S_ALL), hid_t(H5S_ALL), plain, bytes) >= 0) }
    closeType(type)
    H5Dclose(dataset)
    H5Sclose(space)
    H5Pclose(properties)
  }

  private static func dataset(_ file: hid_t, _ type: hid_t, _ extents: [hsize_t], _ properties: hid_t) {
    dataset(file, type, extents, [], properties)
  }

  private static func attribute(_ file: hid_t, _ type: hid_t, _ extents: [hsize_t], _ bytes: [UInt8] = []) {
    let space = extents.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(CInt(extents.count), extents, nil)
    let attribute = H5Acreate2(file, "a", type, space, plain, plain)
    #expect(attribute >= 0)
    if !bytes.isEmpty { #expect(H5Awrite(attribute, type, bytes) >= 0) }
    closeType(type)
    H5Aclose(attribute)
    H5Sclose(space)
  }

  /// Closes a type that is not one of HDF5's own, which cannot be closed.
  private static func closeType(_ type: hid_t) {
    if H5Tget_class(type) == H5T_STRING { H5Tclose(type) }
  }

  /// A dataset that shows what another file holds.
  private static let makeVirtual: @Sendable (hid_t) -> Void = { file in
    let properties = H5Pcreate(hdf5_dataset_create())
    let space = H5Screate_simple(2, [2, 3] as [hsize_t], nil)
    #expect(H5Pset_virtual(properties, space, "b.h5", "a", space) >= 0)
    let dataset = H5Dcreate2(file, "a", hdf5_file_int32(), space, plain, properties, plain)
    #expect(dataset >= 0)
    H5Dclose(dataset)
    H5Sclose(space)
    H5Pclose(properties)
  }

  // MARK: - Reading

  private typealias Read = @Sendable (_ file: borrowing HDF5Reader) throws(FileError) -> Void

  private static let readText: Read = { file throws(FileError) in _ = try file.text("a") }
  private static let readList: Read = { file throws(FileError) in _ = try file.list("a") }
  private static let readAttribute: Read = { file throws(FileError) in _ = try file.attribute("a") }
  private static let readNumber: Read = { file throws(FileError) in _ = try file.numberAttribute("a") }
  private static let readArray: Read = { file throws(FileError) in
    _ = try file.readArray("a", as: Int32.self, shape: [nil, 3])
  }
  private static let findPlace: Read = { file throws(FileError) in _ = try file.place("a") }
}
