import Glibc
import System
import SystemPackage

/// Reads and writes whole texts.
package enum TextFile {
  /// The largest text that is read, in bytes.
  static let sizeLimit = 256 << 20

  /// Returns the text of a file; nil where there is none.
  static func read(_ path: String) throws(FileError) -> String? {
    let bytes: [UInt8]
    do throws(RegularFileError) {
      bytes = try RegularFile.contents(of: path, limit: sizeLimit)
    } catch {
      if error.isAbsence { return nil }
      throw FileError(error, path: path, table: "a text of at most \(sizeLimit) bytes")
    }
    guard let text = PlainText.string(bytes) else {
      let kind = FileKind(bytes.prefix(64))
      throw FileError(
        table: path,
        problem: "expected a text in UTF-8, found " + (kind == .text ? "one in another encoding" : kind.name))
    }
    return text
  }

  /// Puts a whole file in place at once, so that a reader sees the old one or the new one.
  package static func replace(_ path: String, with text: String) throws(FileError) {
    let replacement = FileReplacement(of: path, temporary: "\(path).tmp.\(getpid())")
    try replacement.write(Array(text.utf8), synchronizes: false)
    try replacement.putInPlace(refusal: .cannotCreate)
  }

  /// Adds lines to a table by one call, and the header before the first ones. A last line without a line break, as
  /// spreadsheets leave it, gets one.
  static func append(_ line: String, header: String, to path: String) throws(FileError) {
    try FileSystem.append(to: path) { end in
      let before =
        switch end {
        case .empty: header + "\n"
        case .insideLine: "\n"
        case .afterLineBreak: ""
        }
      return Array((before + line + "\n").utf8)
    }
  }
}

extension RegularFileError {
  /// Whether nothing is there.
  var isAbsence: Bool {
    guard case .refused(let code, _) = self else { return false }
    return code == .noSuchFileOrDirectory || code == .notDirectory
  }
}

extension FileError {
  /// Makes an error for a table that is not read.
  ///
  /// - Parameter expected: what should be there.
  init(_ reason: RegularFileError, path: String, table expected: String) {
    let error = FileError(reason, path: path, expected: expected)
    self = error.kind == .wrongKind ? FileError(table: path, problem: error.problem) : error
  }
}
