import CArchive
import Glibc
import Images

/// The bytes that libarchive reads an archive from: a part of a file, or a member of another archive.
final class ArchiveBytes {
  enum Origin {
    case file(ArchiveFile, Range<Int>)
    case member(ArchiveReader)
  }

  private let origin: Origin
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
  /// The place in the file where the next bytes are read.
  private var position: Int
  /// The number of bytes to read at once. It is small behind a jump: of a tar file whose members are passed over, only
  /// the headers are wanted.
  private var step = ArchiveBytes.firstStep
  /// The error that a reading met: libarchive knows only that there was one.
  private(set) var failure: DataError?

  private static let firstStep = 4096

  init(_ origin: Origin) {
    self.origin = origin
    if case .file(_, let range) = origin { position = range.lowerBound } else { position = 0 }
  }

  deinit { buffer.deallocate() }

  /// Tells a reader of libarchive to read from here. This object must live as long as the reader.
  func serve(_ archive: OpaquePointer) {
    archive_read_set_callback_data(archive, Unmanaged.passUnretained(self).toOpaque())
    archive_read_set_read_callback(archive) { _, bytes, target in
      ArchiveBytes.of(bytes).next(target!)
    }
    guard case .file = origin else { return }
    archive_read_set_skip_callback(archive) { _, bytes, count in Int64(ArchiveBytes.of(bytes).skip(Int(count))) }
    archive_read_set_seek_callback(archive) { _, bytes, offset, whence in
      Int64(ArchiveBytes.of(bytes).seek(Int(offset), whence))
    }
  }

  /// Returns whether the end of a ZIP archive's directory is there; true for other archives, and where nobody can look.
  func hasDirectory(isZIP: Bool) throws(DataError) -> Bool {
    guard isZIP, case .file(let file, let range) = origin else { return true }
    // A comment of 65535 bytes may follow it.
    var end = [UInt8](repeating: 0, count: min(range.count, 22 + 65_535))
    let result = end.withUnsafeMutableBytes { end in
      Result { () throws(DataError) in try file.read(into: end, at: range.upperBound - end.count) }
    }
    guard try result.get() == end.count else { return false }
    let mark = Array("PK".utf8) + [5, 6]
    return end.indices.dropLast(3).contains { end[$0] == mark[0] && end[$0..<$0 + 4].elementsEqual(mark) }
  }

  private static func of(_ pointer: UnsafeMutableRawPointer?) -> ArchiveBytes {
    Unmanaged<ArchiveBytes>.fromOpaque(pointer!).takeUnretainedValue()
  }

  /// Reads the next bytes. Returns their number, 0 at the end, and a negative number after a failure.
  private func next(_ target: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
    target.pointee = UnsafeRawPointer(buffer.baseAddress!)
    do throws(DataError) {
      switch origin {
      case .file(let file, let range):
        let wanted = min(step, range.upperBound - position)
        guard wanted > 0 else { return 0 }
        let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]), at: position)
        position += count
        step = min(2 * step, buffer.count)
        return count
      case .member(let reader): return try reader.read(into: buffer)
      }
    } catch {
      failure = error
      return Int(ARCHIVE_FATAL)
    }
  }

  /// Jumps forward. Returns by how much: less than asked for if the bytes end before.
  private func skip(_ count: Int) -> Int {
    guard case .file(_, let range) = origin else { return 0 }
    let jump = min(max(count, 0), range.upperBound - position)
    position += jump
    step = Self.firstStep
    return jump
  }

  /// Goes to a place, counted from the beginning (SEEK_SET), from here or from the end. Returns it.
  private func seek(_ offset: Int, _ whence: CInt) -> Int {
    guard case .file(_, let range) = origin else { return Int(ARCHIVE_FATAL) }
    let base = whence == SEEK_SET ? range.lowerBound : whence == SEEK_CUR ? position : range.upperBound
    let (place, overflow) = base.addingReportingOverflow(offset)
    guard !overflow, place >= range.lowerBound else { return Int(ARCHIVE_FATAL) }
    position = min(place, range.upperBound)
    step = Self.firstStep
    return position - range.lowerBound
  }
}
