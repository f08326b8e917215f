import System
import SystemPackage

/// One tensor of a safetensors file.
public struct SafetensorsTensor: Equatable, Sendable {
  public let name: String
  public let type: ElementType
  /// The extents, slowest first; none for a scalar.
  public let shape: [Int]
  /// The place of the values in the file, in bytes.
  let bytes: Range<Int>

  /// The number of values.
  public var count: Int { shape.reduce(1, *) }
}

/// A safetensors file, open for reading: 8 bytes with the length of the header, the header, the tensors' bytes.
///
/// Nothing in it is trusted. The header is read before any value; sizes are compared with the file's before memory is
/// taken; the tensors must fill the file exactly, without a gap and without an overlap, as the format demands.
/// Source: the format's description in huggingface/safetensors.
public final class SafetensorsFile: Sendable {
  /// The longest header that is read, in bytes. Networks have headers of some kilobytes.
  static let longestHeader = 16 << 20

  public let path: String
  /// The tensors in the order of their bytes.
  public let tensors: [SafetensorsTensor]
  public let metadata: [String: String]
  private let file: RegularFile

  /// Opens a file and checks its header.
  ///
  /// - Throws: `.missing`, `.cannotRead`, `.wrongKind` where it is no safetensors file, `.damaged` where its header
  ///   contradicts itself or the file's size.
  public init(_ path: String) throws(FileError) {
    let file: RegularFile
    do throws(RegularFileError) {
      file = try RegularFile(path)
    } catch {
      throw FileError(error, path: path, expected: "a safetensors file")
    }
    let beginning = try Self.bytes(of: file, 0..<min(64, file.size), path)
    guard let length = Self.headerLength(beginning, size: file.size) else {
      if let claimed = Self.claimedLength(beginning) { throw Self.cutOff(path, header: claimed, size: file.size) }
      throw FileError(
        .wrongKind, path: path,
        problem: "expected a safetensors file, found \(FileKind(beginning).name)")
    }
    guard length <= Self.longestHeader else {
      throw Self.damaged(path, "its header has \(byteText(length)), at most \(byteText(Self.longestHeader)) are read")
    }
    let header: SafetensorsHeader
    do throws(SafetensorsHeader.Malformed) {
      header = try SafetensorsHeader(try Self.header(of: file, length, path))
    } catch {
      throw Self.damaged(path, error.problem)
    }
    let tensors = try Self.placed(header.entries, in: 8 + length..<file.size, path)
    (self.path, self.tensors, metadata) = (path, tensors, header.metadata)
    self.file = file
  }

  /// Reads a tensor's values as single floats.
  ///
  /// - Throws: `.mismatch` for values that are not floating-point numbers, `.damaged` for one that is NaN or infinite,
  ///   or a double too large for a float: no weight is; `.cannotRead` where the file cannot be read.
  public func read(_ tensor: SafetensorsTensor, into values: UnsafeMutableBufferPointer<Float>) throws(FileError) {
    precondition(values.count == tensor.count, "\(values.count) floats for \(tensor.name) \(tensor.shape)")
    let shown = tensor.name.quoted()
    guard tensor.type.isRead else {
      throw FileError(
        .mismatch, path: path,
        problem: "expected values of F32, F16, BF16 or F64 in \(shown), found \(tensor.type.rawValue)",
        advice: "Convert the tensor with Python before it is saved")
    }
    let piece = 1 << 18
    for start in stride(from: 0, to: values.count, by: piece) {
      let part = UnsafeMutableBufferPointer(rebasing: values[start..<min(start + piece, values.count)])
      let first = tensor.bytes.lowerBound + start * tensor.type.size
      let bytes = try Self.bytes(of: file, first..<first + part.count * tensor.type.size, path)
      bytes.withUnsafeBytes { tensor.type.convert($0, into: part) }
      if let place = part.firstIndex(where: { !$0.isFinite }) {
        let found = bytes.withUnsafeBytes { tensor.type.double($0, at: place) }
        throw Self.damaged(
          path,
          "value \(start + place) of \(shown) is \(found), expected "
            + (found.isFinite ? "a number that float32 can hold" : "a finite number"))
      }
    }
  }

  /// Returns a tensor's values in their own precision or a higher one.
  ///
  /// - Throws: as `read` does.
  func doubles(_ tensor: SafetensorsTensor) throws(FileError) -> [Double] {
    var single = [Float](repeating: 0, count: tensor.count)
    // This refuses what is no number.
    try single.withUnsafeMutableBufferPointer { (values) throws(FileError) in try read(tensor, into: values) }
    guard tensor.type == .f64 else { return single.map { Double($0) } }
    let bytes = try Self.bytes(of: file, tensor.bytes, path)
    return bytes.withUnsafeBytes { bytes in single.indices.map { tensor.type.double(bytes, at: $0) } }
  }

  // MARK: - Checks

  /// Returns the header's length; nil where these are not the first bytes of such a file, or not of a whole one.
  ///
  /// - Parameter beginning: the first bytes, nine or more unless the file has fewer.
  static func headerLength(_ beginning: [UInt8], size: Int) -> Int? {
    guard beginning.count >= 9, beginning[8] == UInt8(ascii: "{") else { return nil }
    guard let length = Int(exactly: number(beginning)), length >= 2, length <= size - 8 else { return nil }
    return length
  }

  /// Returns the header's length where a file begins as such a file does, however much of it is there; nil for another.
  static func claimedLength(_ beginning: [UInt8]) -> Int? {
    guard case .safetensors = FileKind(beginning) else { return nil }
    return Int(exactly: number(beginning))
  }

  private static func number(_ beginning: [UInt8]) -> UInt64 {
    beginning.prefix(8).enumerated().reduce(0) { $0 | UInt64($1.element) << (8 * $1.offset) }
  }

  private static func cutOff(_ path: String, header: Int, size: Int) -> FileError {
    cutOff(path, "at least \(8 + header)", "behind a header of \(header)", size: size)
  }

  private static func cutOff(_ path: String, _ expected: String, _ why: String, size: Int) -> FileError {
    FileError(
      .damaged, path: path,
      problem: "the safetensors file is cut off: expected \(expected) bytes, \(why), found \(size)",
      advice: "Copy, download or export it again")
  }

  private static func header(
    of file: borrowing RegularFile, _ length: Int, _ path: String
  ) throws(SafetensorsHeader.Malformed) -> [UInt8] {
    do throws(FileError) {
      return try bytes(of: file, 8..<8 + length, path)
    } catch {
      throw SafetensorsHeader.Malformed(problem: error.problem)
    }
  }

  private static func bytes(
    of file: borrowing RegularFile, _ range: Range<Int>, _ path: String
  ) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    let count: Int
    do throws(Errno) {
      count = try bytes.withUnsafeMutableBufferPointer { (bytes) throws(Errno) in
        try file.read(into: UnsafeMutableRawBufferPointer(bytes), at: range.lowerBound)
      }
    } catch {
      throw FileError(.cannotRead, path: path, what: "cannot be read", code: error)
    }
    guard count == range.count else { throw damaged(path, "it became shorter while it was read") }
    return bytes
  }

  /// Returns the tensors with their places, which must fill `space`.
  private static func placed(
    _ entries: [SafetensorsHeader.Entry], in space: Range<Int>, _ path: String
  ) throws(FileError) -> [SafetensorsTensor] {
    var tensors: [SafetensorsTensor] = []
    var next = 0
    if let end = entries.map(\.end).max(), end > space.count {
      let (expected, overflow) = space.lowerBound.addingReportingOverflow(end)
      guard !overflow else { throw damaged(path, "its tensors end at byte \(end) of the data, as no file has") }
      throw cutOff(path, "\(expected)", "where the last tensor ends by its header", size: space.upperBound)
    }
    for entry in entries.sorted(by: { ($0.start, $0.end, $0.name) < ($1.start, $1.end, $1.name) }) {
      let shown = entry.name.quoted()
      guard let type = ElementType(rawValue: entry.type) else {
        throw damaged(path, "\(shown) has the unknown dtype \(entry.type.quoted())")
      }
      guard entry.start == next else {
        let what = entry.start < next ? "overlaps the tensor before it" : "leaves a gap before it"
        throw damaged(
          path, "\(shown) begins at byte \(entry.start) of the data and \(what), which ends at byte \(next)")
      }
      guard entry.end >= entry.start else {
        throw damaged(path, "\(shown) ends at byte \(entry.end) of the data, before its beginning")
      }
      // No product of some of the extents may overflow either, where another extent is 0.
      var needed: Int? = type.size
      for extent in entry.shape where extent != 0 {
        needed = needed.flatMap { size in
          let (product, overflow) = size.multipliedReportingOverflow(by: extent)
          return overflow ? nil : product
        }
      }
      if needed != nil, entry.shape.contains(0) { needed = 0 }
      guard needed == entry.end - entry.start else {
        throw damaged(
          path,
          "\(shown) has \(entry.end - entry.start) bytes, \(entry.type) of the shape \(entry.shape) takes "
            + "\(needed.map { "\($0)" } ?? "more than any file has")")
      }
      tensors.append(
        SafetensorsTensor(
          name: entry.name, type: type, shape: entry.shape,
          bytes: space.lowerBound + entry.start..<space.lowerBound + entry.end))
      next = entry.end
    }
    guard next == space.count else {
      throw damaged(path, "its tensors have \(next) bytes, the file has \(space.count) behind the header")
    }
    return tensors
  }

  private static func damaged(_ path: String, _ problem: String) -> FileError {
    FileError(
      .damaged, path: path, problem: "the safetensors file is damaged: \(problem)",
      advice: "Copy or export it again")
  }
}
