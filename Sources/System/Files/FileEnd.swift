import SystemPackage

/// The place in a file where more is added.
package enum FileEnd {
  /// Nothing is there yet.
  case empty
  case afterLineBreak
  /// The last line has no line break, because another program wrote it or a machine failed.
  case insideLine

  init(of path: String, size: Int) throws(Errno) {
    guard size > 0 else {
      self = .empty
      return
    }
    var last: UInt8 = 0
    let file = try OpenFile(path, .readOnly)
    let result: Result<Int, Errno> = withUnsafeMutableBytes(of: &last) { bytes in
      Result { () throws(Errno) in try file.read(into: bytes, at: size - 1) }
    }
    self = try result.get() == 1 && last != UInt8(ascii: "\n") ? .insideLine : .afterLineBreak
  }
}
