import Foundation
import System
import TestSupport
import Testing
import Weights

/// Reading and writing of safetensors files, and the refusal of those that contradict themselves.
@Suite struct SafetensorsFileTests {
  private let folder: ScratchFolder
  private var path: String { folder.file("file.safetensors") }

  init() throws {
    folder = try ScratchFolder()
  }

  /// Writes a file of this header and these bytes behind it.
  private func write(_ header: String, _ data: [UInt8] = [], length: UInt64? = nil) throws {
    let length = length ?? UInt64(header.utf8.count)
    let head = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) }
    try Data(head + Array(header.utf8) + data).write(to: URL(filePath: path))
  }

  private func values(_ file: SafetensorsFile, _ name: String) throws -> [Float] {
    let tensor = try #require(file.tensors.first { $0.name == name })
    var values = [Float](repeating: -1, count: tensor.count)
    try values.withUnsafeMutableBufferPointer { try file.read(tensor, into: $0) }
    return values
  }

  @Test func whatIsWrittenIsRead() throws {
    let bits: [Float] = [0, -0.0, 1, -1.5, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
    let scalar: [Float] = [0.25]
    try bits.withUnsafeBufferPointer { bits in
      try scalar.withUnsafeBufferPointer { scalar in
        try SafetensorsFile.write(
          to: path,
          tensors: [
            .init(name: "größe.weight", shape: [2, 3], values: bits), .init(name: "a", shape: [], values: scalar),
          ],
          metadata: ["format": "pt", "text": "a \"quoted\" / line\nand \\ more"])
      }
    }
    let file = try SafetensorsFile(path)
    #expect(file.tensors.map(\.shape) == [[2, 3], []])
    #expect(try values(file, "größe.weight").map(\.bitPattern) == bits.map(\.bitPattern))
    #expect(try values(file, "a") == [0.25])
    #expect(file.metadata == ["format": "pt", "text": "a \"quoted\" / line\nand \\ more"])
    let bytes = try Data(contentsOf: URL(filePath: path))
    #expect(bytes[0] % 8 == 0, "the data begin at a multiple of 8 bytes")
  }

  @Test func otherTypesBecomeSingleFloats() throws {
    try write(
      """
      {"h":{"dtype":"F16","shape":[4],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[8,12]},\
      "d":{"dtype":"F64","shape":[1],"data_offsets":[12,20]},"n":{"dtype":"I64","shape":[],"data_offsets":[20,28]}}
      """,
      [0x00, 0x3C, 0x01, 0x80, 0xFF, 0x7B, 0x00, 0xC0] + [0x80, 0x3F, 0x49, 0xC0]
        + [0, 0, 0, 0, 0, 0, 0xF8, 0xBF] + [7, 0, 0, 0, 0, 0, 0, 0])
    let file = try SafetensorsFile(path)
    #expect(try values(file, "h") == [1, -0x1p-24, 65504, -2])
    #expect(try values(file, "b") == [1, Float(bitPattern: 0xC049_0000)])
    #expect(try values(file, "d") == [-1.5])
    let error = #expect(throws: FileError.self) { try values(file, "n") }
    #expect(
      error?.description == """
        \(path): expected values of F32, F16, BF16 or F64 in "n", found I64. Convert the tensor with Python before it \
        is saved
        """)
  }

  @Test(arguments: [
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, #""a" has 4 bytes, F32 of the shape [2] takes 8"#),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
      4,
      #""b" begins at byte 0 of the data and overlaps the tensor before it, which ends at byte 4"#
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8,
      #""a" begins at byte 4 of the data and leaves a gap before it, which ends at byte 0"#
    ),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8, "its tensors have 4 bytes, the file has 8 behind"),
    (
      #"{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}"#, 8,
      "is cut off: expected 99 bytes, where the last tensor ends by its header, found 71"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 8,
      #""a" begins at byte 4 of the data and leaves a gap before it"#
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775807]}}"#, 8,
      "its tensors end at byte 9223372036854775807 of the data, as no file has"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0,
      "takes more than any file has"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}}"#, 0,
      "takes more than any file has"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
      4,
      #"the name "a" stands twice in the header"#
    ),
    (#"{"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}"#, 4, #""a" has the unknown dtype "F99""#),
    (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "expected a whole number at byte"),
    (#"{"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}}"#, 4, "expected a whole number at byte"),
    (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#, 4, "at most 19 digits"),
    (#"{"a":{"dtype":"F32","shape":[1]}}"#, 4, "does not have a dtype, a shape and two data_offsets"),
    (#"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, "which is unknown or stands twice"),
    (#"{"__metadata__":{"a":"1","a":"2"}}"#, 0, #"the name "a" stands twice in __metadata__"#),
    (#"{"__metadata__":{"a":{"b":"2"}}}"#, 0, #"expected " at byte"#),
    (#"{} {}"#, 0, "expected the header's end"),
    (#"{"a"#, 0, "expected the end of a text"),
  ])
  func contradictionsAreNamed(header: String, dataBytes: Int, problem: String) throws {
    try write(header, [UInt8](repeating: 0, count: dataBytes))
    let error = #expect(throws: FileError.self) { try SafetensorsFile(path) }
    #expect(error?.kind == .damaged)
    #expect(error?.description.contains(problem) == true, "\(error?.description ?? "read")")
  }

  @Test func lengthsAreComparedBeforeMemoryIsTaken() throws {
    try write("{}", length: .max)
    #expect(throws: FileError.self) { try SafetensorsFile(path) }
    try write("{}", length: 1 << 40)
    let error = #expect(throws: FileError.self) { try SafetensorsFile(path) }
    #expect(error?.kind == .wrongKind)
    // A file with a hole: as long as its header claims, and without a byte on the device.
    try write("{}", length: 17 << 20)
    truncate(path, 64 << 20)
    let long = #expect(throws: FileError.self) { try SafetensorsFile(path) }
    #expect(long?.description.contains("its header has 17.8 MB, at most 16.8 MB are read") == true, "\(long as Any)")
  }

  /// Wherever a file is cut off, it is told how long it was: the header alone says so.
  @Test func filesThatAreCutOff() throws {
    let header = #"{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}"#
    try write(header, [UInt8](repeating: 0, count: 36))
    let bytes = try Data(contentsOf: URL(filePath: path))
    for count in [10, 20, 7 + header.utf8.count, 8 + header.utf8.count, bytes.count - 1] {
      try bytes.prefix(count).write(to: URL(filePath: path))
      let expected =
        count < 8 + header.utf8.count
        ? "at least \(8 + header.utf8.count) bytes, behind a header of \(header.utf8.count)"
        : "\(bytes.count) bytes, where the last tensor ends by its header"
      let message =
        "\(path): the safetensors file is cut off: expected \(expected), found \(count). Copy, download or export it "
        + "again"
      let error = #expect(throws: FileError.self) { try SafetensorsFile(path) }
      #expect(error?.description == message && error?.kind == .damaged)
      let other = #expect(throws: FileError.self) { try WeightSource(path) }
      #expect(other?.description == message)
    }
  }

  @Test func doublesBeyondSingleFloatsAreRefused() throws {
    let bits = (1e60).bitPattern
    try write(
      #"{"a":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}"#,
      [UInt8](repeating: 0, count: 8) + (0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt64($0))) })
    let file = try SafetensorsFile(path)
    let error = #expect(throws: FileError.self) { try values(file, "a") }
    #expect(
      error?.description.contains(#"value 1 of "a" is 1e+60, expected a number that float32 can hold"#) == true,
      "\(error as Any)")
  }

  @Test func numbersThatAreNoneAreRefused() throws {
    try write(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, [0, 0, 0x80, 0x3F, 0, 0, 0x80, 0x7F])
    let file = try SafetensorsFile(path)
    let error = #expect(throws: FileError.self) { try values(file, "a") }
    #expect(error?.description.contains(#"value 1 of "a" is inf, expected a finite number"#) == true)
  }
}
