import SystemPackage

extension FileSystem {
  /// The bytes that are copied at once.
  private static let copiedPiece = 1 << 20

  /// Copies a regular file to a new one.
  package static func copy(_ path: String, to new: String) throws(FileError) {
    let source: RegularFile
    do throws(RegularFileError) {
      source = try RegularFile(path)
    } catch {
      throw FileError(error, path: path, expected: "a file")
    }
    let target: OpenFile
    do throws(Errno) {
      target = try OpenFile(creating: new)
    } catch {
      throw FileError(.cannotCreate, path: new, what: "cannot be created", code: error)
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: copiedPiece, alignment: 1)
    defer { buffer.deallocate() }
    var offset = 0
    while true {
      let count: Int
      do throws(Errno) {
        count = try source.read(into: buffer, at: offset)
      } catch {
        throw FileError(.cannotRead, path: path, what: "cannot be read", code: error)
      }
      guard count > 0 else { break }
      do throws(Errno) {
        try target.write(Array(buffer[..<count]))
      } catch {
        throw FileError(.cannotWrite, path: new, what: "cannot be written", code: error)
      }
      offset += count
    }
  }
}
