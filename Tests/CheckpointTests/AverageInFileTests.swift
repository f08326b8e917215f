import Checkpoint
import Foundation
import System
import TestSupport
import Testing

/// Checkpoints with a moving average of the parameters.
@Suite struct AverageInFileTests {
  private let folder: ScratchFolder
  private let network = TestNetwork(seed: 1, hasAverage: true)

  init() throws {
    folder = try ScratchFolder()
    try writeTestCheckpoint(folder.file("a.h5"), network)
  }

  @Test func roundTrip() throws {
    let path = folder.file("a.h5")
    let header = try CheckpointFile.readHeader(path)
    #expect(header.hasAverage && header.hasMomentum && header.digest == network.digest)
    #expect(try CheckpointFile.digest(ofFile: path) == network.digest)
    let read = TestNetwork(seed: 2, hasAverage: true)
    try read.read(path)
    #expect(read.bits == network.bits)
    // The average belongs to the digest.
    #expect(TestNetwork(seed: 1).digest != network.digest)
    // Without memory for it, it is left out.
    let plain = TestNetwork(seed: 3)
    try plain.read(path)
    #expect(plain.bits == Array(network.bits.prefix(plain.bits.count)))
  }

  @Test func theAverageMakesANetwork() throws {
    let read = TestNetwork(seed: 2, hasMomentum: false)
    try withExtendedLifetime(read) { try CheckpointFile.read(folder.file("a.h5"), .average, into: read.tensors) }
    #expect(read.bits == network.tensors.map { $0.average?.map(\.bitPattern) ?? [] })
    let tensor = try CheckpointFile.readTensor(folder.file("a.h5"), .average, layer: "conv2", blob: 1)
    #expect(tensor.values.map(\.bitPattern) == network.tensors[4].average?.map(\.bitPattern))
  }

  /// A checkpoint without one is read as before, and its format has the former version.
  @Test func aMissingAverageIsNamed() throws {
    let path = folder.file("plain.h5")
    try writeTestCheckpoint(path, TestNetwork(seed: 1))
    #expect(try !CheckpointFile.readHeader(path).hasAverage)
    let averaged = TestNetwork(seed: 4, hasAverage: true)
    let missing = #expect(throws: FileError.self) { try averaged.read(path) }
    #expect(
      missing?.description
        == "\(path): the checkpoint holds no moving average of the parameters (/average), which the run keeps. "
        + "Continue from a checkpoint that the run itself wrote")
    let none = #expect(throws: FileError.self) {
      try withExtendedLifetime(averaged) { try CheckpointFile.read(path, .average, into: TestNetwork(seed: 4).tensors) }
    }
    #expect(none?.kind == .mismatch && none?.description.contains("expected a moving average") == true)
  }

  @Test func damageAndSealsCoverIt() throws {
    let refusal = #expect(throws: FileError.self) {
      try CheckpointSeal.write(of: folder.file("a.h5"), to: folder.file("sealed.h5"), provenance: testProvenance)
    }
    #expect(refusal?.description.contains("expected finite numbers in ") == true)
    let network = TestNetwork(seed: 1, hasAverage: true, isFinite: true)
    let path = folder.file("finite.h5")
    try writeTestCheckpoint(path, network)
    var bytes = try folder.bytes("finite.h5")
    let value = try #require(network.tensors[7].average?[1234])
    let pattern = withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init)
    let neighbors = try #require(network.tensors[7].average?[1235])
    let two = pattern + withUnsafeBytes(of: neighbors.bitPattern.littleEndian, Array.init)
    let place = try #require(bytes.firstRange(of: two))
    bytes[place.lowerBound] ^= 1
    try folder.write(bytes, to: "damaged.h5")
    #expect(throws: FileError.self) { try CheckpointFile.digest(ofFile: folder.file("damaged.h5")) }

    let changes = try CheckpointSeal.write(of: path, to: folder.file("sealed.h5"), provenance: testProvenance)
    #expect(changes.isEmpty)
    #expect(try CheckpointFile.digest(ofFile: folder.file("sealed.h5")) == network.digest)
    #expect(try CheckpointFile.readHeader(folder.file("sealed.h5")).hasAverage)
  }
}
