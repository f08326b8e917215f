import System
import SystemPackage

/// A file of a pack that is written at its end or at any place. Its errors say how much room there is on the device.
struct PackOutput: ~Copyable {
  private let path: String
  private let file: OpenFile
  private var end = 0

  /// Makes a new file. No file of that name may exist.
  init(creating path: String) throws(FileError) {
    try self.init(path) { () throws(Errno) in try OpenFile(creating: path) }
  }

  /// Opens a file that exists.
  init(opening path: String) throws(FileError) {
    try self.init(path) { () throws(Errno) in try OpenFile(path, .writeOnly) }
  }

  private init(_ path: String, _ open: () throws(Errno) -> OpenFile) throws(FileError) {
    let file: OpenFile
    do throws(Errno) {
      file = try open()
    } catch {
      throw FileError(.cannotCreate, path: path, what: "cannot be opened for writing", code: error)
    }
    self.path = path
    self.file = file
  }

  mutating func append<Value: BitwiseCopyable>(_ values: [Value]) throws(FileError) {
    let end = end
    try values.withUnsafeBufferPointer { (values) throws(FileError) in
      try write(UnsafeRawBufferPointer(values), at: end)
    }
    self.end += values.count * MemoryLayout<Value>.stride
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    do throws(Errno) {
      try file.write(bytes, at: offset)
    } catch {
      throw Self.failure(path, error)
    }
  }

  /// Waits until all bytes are on the device.
  func synchronize() throws(FileError) {
    do throws(Errno) {
      try file.synchronize()
    } catch {
      throw Self.failure(path, error)
    }
  }

  consuming func close() throws(FileError) {
    let path = path
    do throws(Errno) {
      try file.close()
    } catch {
      throw Self.failure(path, error)
    }
  }

  private static func failure(_ path: String, _ code: Errno) -> FileError {
    let free = FileSystem.freeBytes(FileSystem.folder(of: path)).map { "; \(byteText($0)) are free" } ?? ""
    return FileError(
      .cannotWrite, path: path, problem: "cannot be written: \(code)\(free)", advice: code.advice(writing: true)
    ).advising(goingOn)
  }

  /// The advice if a packing ends for a reason that has nothing to do with its pictures.
  static let goingOn = "The same command continues from there"
}
