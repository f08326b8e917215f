import Checkpoint
import Foundation
import HDF5
import System
import TestSupport
import Testing

@Suite struct CheckpointFileTests {
  let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  @Test func roundTrip() throws {
    let path = folder.file("a.h5")
    let written = TestNetwork(seed: 1)
    let digest = try writeTestCheckpoint(path, written)
    #expect(digest == written.digest)
    #expect(digest.count == 64)

    let header = try CheckpointFile.readHeader(path)
    #expect(header.state == testState)
    #expect(header.configuration == #"{"model":"small-14"}"#)
    #expect(header.dataFingerprint == #"{"images":60000}"#)
    #expect(header.provenance == testProvenance)
    #expect(header.tensors == written.tensors.map(\.description))
    #expect(header.hasMomentum)
    #expect(header.digest == digest)
    #expect(header.created.hasSuffix("Z"))

    let read = TestNetwork(seed: 2)
    #expect(read.bits != written.bits)
    try read.read(path)
    #expect(read.bits == written.bits)
    #expect(try CheckpointFile.digest(ofFile: path) == digest)
    try CheckpointFile.verify(path, digest: digest)
    let tensor = try CheckpointFile.readTensor(path, layer: "conv2_prelu", blob: 0)
    #expect(tensor.shape == [])
    #expect(tensor.values.map(\.bitPattern) == written.bits[5])
    #expect(HDF5Library.openIdentifiers == 0)
  }

  @Test func stateWithoutOptionalPartsAndWithNoNumbers() throws {
    var state = testState
    state.best = nil
    state.schedule.plateauBest = nil
    state.epochSums.lossSum = .infinity
    try CheckpointFile.write(
      to: folder.file("a.h5"), tensors: [], state: state, configuration: "", dataFingerprint: "",
      provenance: Provenance(program: "p", commandLine: ""))
    let header = try CheckpointFile.readHeader(folder.file("a.h5"))
    #expect(header.state == state)
    #expect(header.configuration == "")
    #expect(header.provenance.commandLine == "")
  }

  @Test func noTensors() throws {
    let path = folder.file("a.h5")
    let network = TestNetwork([], seed: 1)
    let digest = try writeTestCheckpoint(path, network)
    #expect(try CheckpointFile.readHeader(path).tensors.isEmpty)
    try CheckpointFile.read(path, into: [])
    #expect(try CheckpointFile.digest(ofFile: path) == digest)
  }

  @Test func longTexts() throws {
    let path = folder.file("a.h5")
    let configuration = "{\"k\":\"" + String(repeating: "äx", count: 100_000) + "\"}"
    try CheckpointFile.write(
      to: path, tensors: [], state: testState, configuration: configuration, dataFingerprint: "{}",
      provenance: Provenance(program: "p", commandLine: String(repeating: "ab", count: 5000)))
    let header = try CheckpointFile.readHeader(path)
    #expect(header.configuration == configuration)
    #expect(header.provenance.commandLine.count == 4096 - header.created.count - 1)
  }

  @Test func manyLayers() throws {
    let path = folder.file("a.h5")
    let shapes = (0..<60).flatMap { [("conv\($0)", 0, [2, 2, 3, 3]), ("conv\($0)", 1, [2]), ("act\($0)", 0, [2])] }
    let written = TestNetwork(shapes, seed: 4)
    try writeTestCheckpoint(path, written)
    let read = TestNetwork(shapes, seed: 5)
    try read.read(path)
    #expect(read.bits == written.bits)
  }

  @Test func weightsWithoutMomentum() throws {
    let written = TestNetwork(seed: 6)
    try writeTestCheckpoint(folder.file("a.h5"), written)
    let read = TestNetwork(seed: 7, hasMomentum: false)
    try read.read(folder.file("a.h5"))
    #expect(Array(read.bits.prefix(read.tensors.count)) == Array(written.bits.prefix(read.tensors.count)))

    let bare = TestNetwork(seed: 8, hasMomentum: false)
    try writeTestCheckpoint(folder.file("b.h5"), bare)
    #expect(try !CheckpointFile.readHeader(folder.file("b.h5")).hasMomentum)
    expect(.mismatch, ["holds no momentum"]) {
      try written.read(folder.file("b.h5"))
    }
  }

  @Test func digestTellsNetworksApart() {
    let shapes = [("a", 0, [2, 3]), ("b", 0, [6])]
    let network = TestNetwork(shapes, seed: 1)
    let digest = network.digest
    #expect(TestNetwork(shapes, seed: 1).digest == digest)
    #expect(TestNetwork([("a", 0, [3, 2]), ("b", 0, [6])], seed: 1).digest != digest)
    #expect(TestNetwork([("a", 0, [2, 3]), ("c", 0, [6])], seed: 1).digest != digest)
    #expect(TestNetwork([("a", 1, [2, 3]), ("b", 0, [6])], seed: 1).digest != digest)
    #expect(withExtendedLifetime(network) { CheckpointFile.digest(network.tensors.reversed()) } != digest)
    // The smallest change of a parameter, and of a momentum.
    network.tensors[1].values[5] = Float(bitPattern: network.tensors[1].values[5].bitPattern ^ 1)
    let other = network.digest
    #expect(other != digest)
    network.tensors[0].momentum![0] = Float(bitPattern: network.tensors[0].momentum![0].bitPattern ^ 0x8000_0000)
    #expect(network.digest != other)
  }

  /// The network's digest in a sample of numbers that Python's hashlib and NumPy gave by the documented definition.
  @Test func digestIsTheDocumentedOne() {
    let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: 6)
    let momentum = UnsafeMutableBufferPointer<Float>.allocate(capacity: 6)
    defer {
      values.deallocate()
      momentum.deallocate()
    }
    _ = values.initialize(from: [1, 2, 3, 4, 5, 6])
    _ = momentum.initialize(from: [0, -0.0, 0.5, -1, .leastNonzeroMagnitude, .infinity])
    let tensor = CheckpointTensor(layer: "conv1", blob: 0, shape: [2, 3], values: values, momentum: momentum)
    #expect(CheckpointFile.digest([tensor]) == "a0d3b7716eec93f8201fd57de1eccb2cf9da61249e5a12057253b71ef2de6480")
  }

  @Test func anotherNetworkIsRefusedAndNothingAltered() throws {
    let path = folder.file("a.h5")
    try writeTestCheckpoint(path, TestNetwork(seed: 1))
    var shapes = TestNetwork.shapes
    shapes[7].shape = [2, 300_001]
    try refuse(path, shapes, ["expected fc/0 [2, 300001] as parameter 7", "found fc/0 [2, 300000]"])
    shapes = TestNetwork.shapes
    shapes[5].shape = [1]
    try refuse(path, shapes, ["expected conv2_prelu/0 [1] as parameter 5", "found conv2_prelu/0 []"])
    shapes = TestNetwork.shapes
    shapes.swapAt(0, 1)
    try refuse(path, shapes, ["expected conv1/1 [5] as parameter 0", "found conv1/0 [5, 3, 7, 7]"])
    try refuse(
      path, Array(TestNetwork.shapes.dropLast()), ["expected 8 parameters, found 9", "fc/1 [2] is one too many"])
    try refuse(
      path, TestNetwork.shapes + [("fc2", 0, [1])], ["expected 10 parameters, found 9", "fc2/0 [1] is missing"])
    expect(.mismatch, ["no parameter fc/7", "conv1/0, conv1/1"]) {
      _ = try CheckpointFile.readTensor(path, layer: "fc", blob: 7)
    }
  }

  private func refuse(
    _ path: String, _ shapes: [(layer: String, blob: Int, shape: [Int])], _ words: [String]
  ) throws {
    let network = TestNetwork(shapes, seed: 9)
    let before = network.bits
    expect(.mismatch, [path, "another network"] + words) { try network.read(path) }
    #expect(network.bits == before)
  }

  @Test func existingFilesAndLinksAreNotOverwritten() throws {
    try folder.write([1, 2, 3], to: "precious")
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("a.h5"), withDestinationPath: folder.file("precious"))
    expect(.cannotCreate, ["a.h5", "expected a new file, found one of that name"]) {
      try writeTestCheckpoint(folder.file("a.h5"), TestNetwork(seed: 1))
    }
    #expect(try folder.bytes("precious") == [1, 2, 3])
    expect(.cannotCreate, ["No such file or directory"]) {
      try CheckpointFile.write(
        to: folder.file("none/a.h5"), tensors: [], state: testState, configuration: "", dataFingerprint: "",
        provenance: testProvenance)
    }
  }

  @Test func permissionsFollowTheUmask() throws {
    try writeTestCheckpoint(folder.file("a.h5"), TestNetwork([], seed: 1))
    try folder.write([], to: "other")
    func permissions(_ name: String) throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: folder.file(name))[.posixPermissions] as? Int
    }
    let mask = umask(0)
    umask(mask)
    #expect(try permissions("a.h5") == 0o666 & ~Int(mask))
  }

  @Test func sizeBoundHolds() throws {
    for shapes in [[], TestNetwork.shapes, [("big", 0, [1025, 257, 3])]] {
      let network = TestNetwork(shapes, seed: 1)
      try? FileManager.default.removeItem(atPath: folder.file("a.h5"))
      try writeTestCheckpoint(folder.file("a.h5"), network)
      let bytes = try folder.bytes("a.h5").count
      #expect(bytes <= CheckpointFile.sizeBound(network.tensors))
      #expect(bytes >= network.tensors.reduce(0) { $0 + 8 * $1.values.count })
    }
  }

  @Test(arguments: [
    [], [1], [262_144], [262_145], [3, 262_145], [1, 1, 700_000], [1025, 257, 3], [2, 3, 262_143], [1_000_003],
  ])
  func piecesCoverTheTensorInOrder(shape: [Int]) {
    let chunk = TensorChunk(shape)
    #expect(chunk.count <= TensorChunk.valueLimit)
    var next = 0
    for piece in chunk.pieces {
      #expect(zip(piece.start, shape).reduce(0) { $0 * $1.1 + $1.0 } == next)
      next += piece.extents.reduce(1, *)
    }
    #expect(next == shape.reduce(1, *))
  }
}

/// Expects a `FileError` of a kind, whose message has all of `words`.
func expect(
  _ kind: FileError.Kind, _ words: [String], sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws -> Void
) {
  do {
    try body()
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
  } catch let error as FileError {
    #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation)
    for word in words where !"\(error)".contains(word) {
      Issue.record("\"\(word)\" is not in: \(error)", sourceLocation: sourceLocation)
    }
  } catch {
    Issue.record("another error: \(error)", sourceLocation: sourceLocation)
  }
}
