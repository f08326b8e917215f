import Checkpoint
import Foundation
import HDF5
import System
import TestSupport
import Testing

/// Files that are damaged, of another kind, or made to harm.
@Suite struct DamageTests {
  let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  private static let shapes = [
    ("conv1", 0, [5, 3, 3, 3]), ("conv1", 1, [5]), ("prelu1", 0, [5]), ("conv2", 0, [3, 5, 1, 3]), ("prelu2", 0, []),
    ("fc", 0, [2, 137]),
  ]

  /// The content of a file, as far as it matters.
  private struct Contents: Equatable {
    let header: CheckpointHeader
    let bits: [[UInt32]]
  }

  private func read(_ path: String) throws -> Contents {
    let network = TestNetwork(Self.shapes, seed: 99)
    try network.read(path)
    let header = try CheckpointFile.readHeader(path)
    #expect(try CheckpointFile.digest(ofFile: path) == header.digest)
    return Contents(header: header, bits: network.bits)
  }

  /// Bytes that hold nothing (padding, unused room for links) may change; nothing else may unnoticed. A sample of the
  /// bytes; PRELU_FUZZ_STEP=1 tries them all, in several ways, for some minutes.
  @Test func anyByteFlipped() throws {
    try writeTestCheckpoint(folder.file("whole.h5"), TestNetwork(Self.shapes, seed: 1))
    let whole = try read(folder.file("whole.h5"))
    let bytes = try folder.bytes("whole.h5")
    let step = Int(ProcessInfo.processInfo.environment["PRELU_FUZZ_STEP"] ?? "") ?? 37
    var noticed = 0
    var tried = 0
    for offset in stride(from: 0, to: bytes.count, by: step) {
      for mask: UInt8 in step == 1 ? [0x01, 0x04, 0x80, 0xff] : [[0x01, 0x10, 0x80, 0xff][offset / step % 4]] {
        var altered = bytes
        altered[offset] ^= mask
        try folder.write(altered, to: "altered.h5")
        tried += 1
        do {
          let contents = try read(folder.file("altered.h5"))
          #expect(contents == whole, "byte \(offset) of \(bytes.count) altered by \(mask)")
        } catch let error as FileError {
          noticed += 1
          #expect(
            [.damaged, .wrongKind, .cannotRead].contains(error.kind), "byte \(offset) altered by \(mask): \(error)")
        }
      }
    }
    #expect(noticed > tried / 4, "\(noticed) of \(tried)")
    #expect(HDF5Library.openIdentifiers == 0)
  }

  /// A value altered together with HDF5's own checksum of the piece, as by a faulty memory before writing.
  @Test func valuesOfAnotherDigest() throws {
    let path = folder.file("a.h5")
    let network = TestNetwork(Self.shapes, seed: 1)
    let digest = try writeTestCheckpoint(path, network)
    network.tensors[0].values[3] += 1
    let other = folder.file("b.h5")
    try writeTestCheckpoint(other, network)
    expect(.damaged, [other, "digest"]) { try CheckpointFile.verify(other, digest: digest) }
  }

  /// Zeros have the checksum zero, so that HDF5 finds nothing wrong with them.
  @Test func aNumberOfCaffesThatIsNotTheStates() throws {
    try writeTestCheckpoint(folder.file("whole.h5"), TestNetwork(Self.shapes, seed: 1), iteration: 123_456_789)
    let bytes = try folder.bytes("whole.h5")
    let number = withUnsafeBytes(of: Int32(123_456_789).littleEndian) { Array($0) }
    let places = bytes.indices.dropLast(8).filter { bytes[$0..<$0 + 4].elementsEqual(number) }
    #expect(places.count == 1)
    for place in places {
      var altered = bytes
      // The value, and its checksum behind it.
      altered.replaceSubrange(place..<place + 8, with: [UInt8](repeating: 0, count: 8))
      try folder.write(altered, to: "altered.h5")
      expect(.damaged, ["/iter: expected 123456789, as the state of the training says, found 0"]) {
        _ = try CheckpointFile.readHeader(folder.file("altered.h5"))
      }
    }
  }

  @Test func truncatedAnywhere() throws {
    try writeTestCheckpoint(folder.file("whole.h5"), TestNetwork(Self.shapes, seed: 1))
    let bytes = try folder.bytes("whole.h5")
    let lengths = Array(0...130) + stride(from: 131, to: bytes.count, by: 97) + [bytes.count - 1]
    for length in lengths {
      try folder.write(Array(bytes[..<length]), to: "altered.h5")
      if length == 0 {
        expect(.wrongKind, ["altered.h5", "found an empty file"]) { _ = try read(folder.file("altered.h5")) }
      } else if length < 8 {
        expect(.wrongKind, ["altered.h5", "expected a checkpoint (an HDF5 file)"]) {
          _ = try read(folder.file("altered.h5"))
        }
      } else {
        expect(.damaged, ["altered.h5", "the checkpoint is damaged", "Use another one"]) {
          _ = try read(folder.file("altered.h5"))
        }
      }
    }
    try folder.write(Array(bytes[..<(bytes.count / 2)]), to: "altered.h5")
    expect(.damaged, ["HDF5 cannot open it (H5Fopen on ", "truncated file", "; it has "]) {
      _ = try read(folder.file("altered.h5"))
    }
    #expect(HDF5Library.openIdentifiers == 0)
  }

  @Test func otherKindsOfFiles() throws {
    let kinds: [([UInt8], String)] = [
      ([0x1f, 0x8b, 8, 0], "found a gzip file of 4 bytes"),
      (Array("layers: 14\n".utf8), "found a text file"),
      ([0x50, 0x4b, 3, 4, 0], "found a ZIP archive, as PyTorch and NumPy write them, of 5 bytes"),
      ([0x0a, 3] + Array("net".utf8) + [0xa2, 0x06, 200], "found a Caffe model in its own binary form (protobuf)"),
      ([0, 0, 8, 3, 0], "found an IDX file"),
      ([0x80, 2, 0x63], "found a Python pickle, as older PyTorch writes it"),
      ([0x93] + Array("NUMPY".utf8), "found a NumPy array"),
      ([0x89] + Array("PNG".utf8), "found a PNG picture"),
      ([0xff, 0xd8, 0xff], "found a JPEG picture"),
      // A copy that was made as if the file were text.
      ([0x89, 0x48, 0x44, 0x46, 0x0a, 0x1a, 0x0a, 0], "found one whose first 8 bytes are damaged, of 8 bytes"),
      ([0xfe, 0xff, 0], "found a file of an unknown kind"),
      ([UInt8](repeating: 0, count: 600), "found a file of zeros"),
    ]
    for (bytes, words) in kinds {
      try folder.write(bytes, to: "a.h5")
      expect(.wrongKind, ["a.h5: expected a checkpoint (an HDF5 file), \(words)"]) {
        _ = try CheckpointFile.readHeader(folder.file("a.h5"))
      }
    }
    expect(.wrongKind, ["found a folder"]) { _ = try CheckpointFile.readHeader(folder.path) }
    expect(.missing, ["none.h5: expected a checkpoint or a run folder, found nothing of this name"]) {
      _ = try CheckpointFile.readHeader(folder.file("none.h5"))
    }
    #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
    expect(.wrongKind, ["found not a regular file"]) { _ = try CheckpointFile.readHeader(folder.file("pipe")) }
  }

  /// The lock is that of a program on another machine that writes the file, or of a file system without locks.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["HDF5_USE_FILE_LOCKING"] == nil))
  func lockedByAnother() throws {
    let path = folder.file("a.h5")
    try writeTestCheckpoint(path, TestNetwork(Self.shapes, seed: 1))
    let descriptor = open(path, O_RDWR)
    #expect(flock(descriptor, LOCK_EX) == 0)
    let advice = "If no other program writes it, the file system may lack locks: set HDF5_USE_FILE_LOCKING=FALSE"
    expect(.cannotRead, ["\(path): the file cannot be locked for reading (H5Fopen on ", "). \(advice)"]) {
      _ = try CheckpointFile.readHeader(path)
    }
    close(descriptor)
    _ = try CheckpointFile.readHeader(path)
  }
}
