import Foundation
import System

/// The log of a run of a sweep, to which each start of the run adds what it says.
package struct SweepLog {
  let path: String
  /// The size of the file at the beginning of this start, in bytes.
  private let start: Int

  /// The largest part of a start's words that is searched for its last message, in bytes.
  private static let limit = 1 << 16

  init(_ path: String) {
    self.path = path
    start = FileSystem.size(of: path)
  }

  /// Returns the file, opened so that all that is written comes at its end.
  func opened() throws(FileError) -> FileHandle {
    FileHandle(fileDescriptor: try FileSystem.descriptor(appendingTo: path), closeOnDealloc: true)
  }

  /// Returns the message that this start has ended with: the last complaint of the program, or else the last line; nil
  /// where it has said nothing.
  func lastMessage() -> String? {
    let from = max(start, FileSystem.size(of: path) - Self.limit)
    guard let handle = FileHandle(forReadingAtPath: path), (try? handle.seek(toOffset: UInt64(from))) != nil,
      let bytes = try? handle.read(upToCount: Self.limit)
    else { return nil }
    return Self.lastMessage(of: String(decoding: bytes, as: UTF8.self))
  }

  /// Returns the last complaint in a text, without the program's name; or else its last line that says anything.
  package static func lastMessage(of text: String) -> String? {
    let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
    let (mark, warning) = ("prelu-dist: ", "prelu-dist: warning: ")
    if let complaint = lines.last(where: { $0.hasPrefix(mark) && !$0.hasPrefix(warning) }) {
      return String(complaint.dropFirst(mark.count))
    }
    // A launcher frames its words with lines of hyphens.
    return lines.last { line in line.contains { $0.isLetter } }
  }
}
