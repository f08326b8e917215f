import Foundation
import System

/// A block's pictures as they wait in the work folder: a header with everything but the pictures' bytes, then the sums
/// for the mean image, then the bytes.
struct PackBlock {
  /// A picture that was taken in.
  struct Picture: Codable, Equatable {
    /// The picture's entry in its part.
    var entry: Int
    var byteCount: Int
    var height: Int
    var width: Int
    var checksum: UInt64
  }

  /// A file that was left out, and the reason.
  struct Skipped: Codable, Equatable {
    /// The file's entry in its part.
    var entry: Int
    var name: String
    var reason: String
  }

  /// The sizes and times that the system reports for files without reading them. They show whether a file was changed.
  struct Marks: Codable, Equatable {
    /// The files' sizes in bytes; -1 stands for a file that does not exist.
    private var sizes: [Int] = []
    /// The times of the last changes, in nanoseconds since 1970.
    private var times: [Int] = []

    /// Adds the mark of a file.
    mutating func append(_ path: String) {
      let status = try? FileSystem.status(path)
      append(size: status.map { Int($0.size) } ?? -1, time: status?.modificationNanoseconds ?? 0)
    }

    mutating func append(size: Int, time: Int) {
      sizes.append(size)
      times.append(time)
    }
  }

  struct Header: Codable {
    var plan: UInt64
    var number: Int
    /// The marks of the block's files, as they were before the files were read.
    var marks = Marks()
    var pictures: [Picture]
    var skipped: [Skipped]
    /// The number of squares that were summed. Only the training split has any.
    var squares: Int
    var products: [UInt64]
  }

  var header: Header
  /// The (3, side, side) sums of bytes; the array is empty if there are no squares.
  var sums: [UInt16]
  var bytes: [UInt8]

  static func path(_ folder: String, _ number: Int) -> String { "\(folder)/block-\(number)" }

  private static let magic: UInt64 = 0x4B4C_4250_4552_5032

  // MARK: - Writing

  /// Writes the block under a temporary name first.
  func write(to folder: String) throws(FileError) {
    guard let json = try? JSONEncoder().encode(header) else { preconditionFailure("numbers and texts are always JSON") }
    var head = Array(json)
    // The sums that follow are read in place, so they must be aligned.
    while head.count % 8 != 0 { head.append(0x20) }
    var digest = xxHash64(head)
    digest = sums.withUnsafeBytes { xxHash64($0, seed: digest) }
    let frame = [Self.magic, digest, UInt64(head.count), UInt64(sums.count), UInt64(bytes.count)]
    let path = Self.path(folder, header.number)
    let replacement = FileReplacement(of: path, temporary: "\(path).tmp")
    var file = try PackOutput(creating: replacement.temporary)
    try file.append(frame)
    try file.append(head)
    try file.append(sums)
    try file.append(bytes)
    try file.close()
    try replacement.putInPlace()
  }

  // MARK: - Reading

  /// A block's file, without the pictures' bytes.
  struct Stored {
    let header: Header
    let sums: [UInt16]
    /// The place in the file where the pictures' bytes begin.
    let start: Int
  }

  /// Returns the stored block, or nil if there is no whole block of this plan and number.
  static func stored(_ folder: String, number: Int, plan: UInt64) -> Stored? {
    guard let file = try? RegularFile(path(folder, number)) else { return nil }
    var frame = [UInt64](repeating: 0, count: 5)
    let frameSize = 8 * frame.count
    guard frame.withUnsafeMutableBytes({ file.fills($0, at: 0) }), frame[0] == magic, frame[2] <= 1 << 30,
      frame[3] <= 1 << 30, frame[4] <= UInt64(Int.max / 2),
      file.size == frameSize + Int(frame[2]) + 2 * Int(frame[3]) + Int(frame[4])
    else { return nil }
    var head = [UInt8](repeating: 0, count: Int(frame[2]))
    var sums = [UInt16](repeating: 0, count: Int(frame[3]))
    guard head.withUnsafeMutableBytes({ file.fills($0, at: frameSize) }),
      sums.withUnsafeMutableBytes({ file.fills($0, at: frameSize + head.count) })
    else { return nil }
    var digest = xxHash64(head)
    digest = sums.withUnsafeBytes { xxHash64($0, seed: digest) }
    guard digest == frame[1], let header = try? JSONDecoder().decode(Header.self, from: Data(head)),
      header.plan == plan, header.number == number,
      header.pictures.reduce(0, { $0 + $1.byteCount }) == Int(frame[4])
    else { return nil }
    return Stored(header: header, sums: sums, start: frameSize + head.count + 2 * sums.count)
  }
}
