import CHDF5
import System
import SystemPackage

/// The file that HDF5 writes to, through a driver of ours that never tells HDF5 of a failed write.
///
/// HDF5's own driver does tell, and closing the file then ends in a crash or leaks it, with the disk space, for the
/// rest of the process (1.10.8): a full disk would end the training. This one keeps the first error for its owner, lets
/// the bytes after it go nowhere, and so HDF5 always closes cleanly.
final class FileSink {
  let path: String
  /// The open file; nil once it is closed.
  private var file: OpenFile?
  /// The first error of the system; nil while there is none.
  private(set) var error: Errno?
  /// One past the last byte that HDF5 has written.
  private var end: haddr_t = 0

  /// Creates the file, which must not exist; a symbolic link is not followed. The permissions are what the umask
  /// leaves.
  init(creating path: String) throws(FileError) {
    self.path = path
    do throws(Errno) {
      file = try OpenFile(creating: path)
    } catch {
      guard error == .fileExists else {
        throw FileError(.cannotCreate, path: path, what: "cannot be created", code: error)
      }
      throw FileError(
        .cannotCreate, path: path, problem: "expected a new file, found one of that name",
        advice: error.advice(writing: true))
    }
  }

  /// Waits until all bytes are on the device, and closes. The first error of all stays in `error`.
  func finish() {
    attempt { file throws(Errno) in try file.synchronize() }
    do throws(Errno) {
      try file.take()?.close()
    } catch {
      self.error = self.error ?? error
    }
  }

  /// Gives the space back, also where a reader still has the file open, and removes the file.
  func discard() {
    if let file = try? OpenFile(path, .writeOnly) { try? file.resize(to: 0) }
    try? FileSystem.remove(path)
  }

  /// Calls `body` unless something has failed before, and keeps its error.
  private func attempt(_ body: (borrowing OpenFile) throws(Errno) -> Void) {
    guard error == nil, file != nil else { return }
    do throws(Errno) {
      try body(file!)
    } catch {
      self.error = error
    }
  }

  private func write(_ bytes: UnsafeRawBufferPointer, at address: haddr_t) {
    end = max(end, address + haddr_t(bytes.count))
    attempt { file throws(Errno) in try file.write(bytes, at: Int(address)) }
  }

  private func read(_ bytes: UnsafeMutableRawBufferPointer, at address: haddr_t) -> Bool {
    guard error == nil, file != nil, let count = try? file!.read(into: bytes, at: Int(address)) else { return false }
    // Past the end of the file HDF5 expects zeros.
    UnsafeMutableRawBufferPointer(rebasing: bytes[count...]).initializeMemory(as: UInt8.self, repeating: 0)
    return true
  }

  private func truncate(to size: haddr_t) {
    end = size
    attempt { file throws(Errno) in try file.resize(to: Int(size)) }
  }
}

// MARK: - The driver

extension FileSink {
  /// Creates an HDF5 file whose bytes go to this sink. Only inside ``HDF5Library/exclusively(_:)``.
  func createFile(creation: borrowing HDF5Handle, access: borrowing HDF5Handle) throws(HDF5Error) -> HDF5Handle {
    _ = try checked(H5Pset_driver(access.id, Self.driver, nil), "H5Pset_driver", path)
    Self.opening = self
    defer { Self.opening = nil }
    return try HDF5Handle(H5Fcreate(path, hdf5_truncate(), creation.id, access.id), "H5Fcreate", path)
  }

  /// The sink that the driver's next `open` belongs to: HDF5 hands on nothing but the name.
  /// Safe: it is only touched inside `HDF5Library.exclusively`, which holds a lock.
  nonisolated(unsafe) private static var opening: FileSink?

  private typealias File = UnsafeMutablePointer<hdf5_driver_file>

  private static func file(_ file: UnsafePointer<H5FD_t>?) -> File {
    // HDF5 gives back what `open` returned, whose first member its part is.
    UnsafeMutableRawPointer(mutating: file!).assumingMemoryBound(to: hdf5_driver_file.self)
  }

  private static func sink(_ file: UnsafePointer<H5FD_t>?) -> FileSink {
    Unmanaged<FileSink>.fromOpaque(self.file(file).pointee.driver_data!).takeUnretainedValue()
  }

  /// Registered at the first use, and kept.
  private static let driver: hid_t = {
    var driver = hdf5_driver_class()
    let name: StaticString = "prelu-dist"
    driver.name = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    driver.maxaddr = haddr_t(Int64.max)
    driver.fc_degree = H5F_CLOSE_WEAK
    driver.open = { _, _, _, _ in
      guard let sink = FileSink.opening else { return nil }
      let file = File.allocate(capacity: 1)
      file.initialize(to: hdf5_driver_file())
      file.pointee.driver_data = Unmanaged.passRetained(sink).toOpaque()
      return UnsafeMutableRawPointer(file).assumingMemoryBound(to: H5FD_t.self)
    }
    driver.close = { pointer in
      let file = FileSink.file(pointer)
      Unmanaged<FileSink>.fromOpaque(file.pointee.driver_data!).release()
      file.deallocate()
      return 0
    }
    driver.query = { _, flags in
      flags?.pointee = UInt(
        H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE
          | H5FD_FEAT_AGGREGATE_SMALLDATA)
      return 0
    }
    driver.get_eoa = { file, _ in FileSink.file(file).pointee.end_of_allocation }
    driver.set_eoa = { file, _, address in
      FileSink.file(file).pointee.end_of_allocation = address
      return 0
    }
    driver.get_eof = { file, _ in FileSink.sink(file).end }
    driver.read = { file, _, _, address, count, bytes in
      FileSink.sink(file).read(UnsafeMutableRawBufferPointer(start: bytes, count: count), at: address) ? 0 : -1
    }
    driver.write = { file, _, _, address, count, bytes in
      FileSink.sink(file).write(UnsafeRawBufferPointer(start: bytes, count: count), at: address)
      return 0
    }
    driver.truncate = { file, _, _ in
      FileSink.sink(file).truncate(to: FileSink.file(file).pointee.end_of_allocation)
      return 0
    }
    return H5FDregister(&driver)
  }()
}
