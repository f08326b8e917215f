import Foundation
import HDF5
import System
import TestSupport
import Testing

/// Files that are written whole, or not at all.
@Suite struct HDF5FileTests {
  private let folder: ScratchFolder
  private var path: String { folder.file("a.h5") }

  init() throws {
    folder = try ScratchFolder()
  }

  private func read(_ name: String) throws -> [Float] {
    let content = HDF5Content(noun: "file", adviceOnDamage: "")
    return try HDF5Library.exclusively { try HDF5Reader.open(path, as: content).values(name) }
  }

  @Test func whatTheBodyWritesIsThere() throws {
    let value = try HDF5File.create(at: path) { file throws(HDF5Error) in
      try file.write([1, 2, 3, 4, 5, 6], shape: [2, 3], "values")
      return 7
    }
    #expect(try value == 7 && read("values") == [1, 2, 3, 4, 5, 6])
    #expect(HDF5Library.openIdentifiers == 0)
  }

  @Test func nothingIsLeftOfAFileThatFails() throws {
    expect(.cannotWrite, ["\(path): cannot be written: H5Dcreate2 on values in \(path): "]) {
      try HDF5File.create(at: path) { file throws(HDF5Error) in
        try file.write([1], shape: [1], "values")
        // HDF5 has no two datasets of one name.
        try file.write([1], shape: [1], "values")
      }
    }
    #expect(try folder.names().isEmpty && HDF5Library.openIdentifiers == 0)
  }

  @Test func anotherFileIsNotReplaced() throws {
    try folder.write([1], to: "a.h5")
    expect(.cannotCreate, ["\(path): expected a new file, found one of that name. Move away what has that name now"]) {
      try HDF5File.create(at: path) { _ in }
    }
    #expect(try folder.bytes("a.h5") == [1])
  }

  /// The test runs in a process of its own, since the limit holds for all of its files.
  @Test func theSystemsWordsComeFirst() async {
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      let folder = try ScratchFolder()
      let path = folder.file("a.h5")
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      limit.rlim_cur = 1000
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      expect(.cannotWrite, ["\(path): cannot be written: File too large. Raise the limit of a file's size (ulimit -f)"])
      {
        try HDF5File.create(at: path) { file throws(HDF5Error) in
          try file.write([Float](repeating: 1, count: 10_000), shape: [10_000], "values")
        }
      }
      #expect(try folder.names().isEmpty)
    }
  }
}
