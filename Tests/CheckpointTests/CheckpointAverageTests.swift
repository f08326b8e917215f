import Checkpoint
import Foundation
import System
import TestSupport
import Testing

@Suite struct CheckpointAverageTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  /// A network whose values are numbers that a mean can be taken of.
  private func network(_ seed: UInt32, _ shapes: [(layer: String, blob: Int, shape: [Int])] = TestNetwork.shapes)
    -> TestNetwork
  {
    let network = TestNetwork(shapes, seed: seed)
    withExtendedLifetime(network) {
      for tensor in network.tensors {
        for index in tensor.values.indices {
          tensor.values[index] = Float(tensor.values[index].bitPattern >> 8) * 0x1p-20 - 4
        }
      }
    }
    return network
  }

  private func write(_ name: String, _ network: TestNetwork, iteration: Int, classNames: [String] = ["a", "b"]) throws
    -> String
  {
    let state = testState(at: iteration)
    let path = folder.file(name)
    try withExtendedLifetime(network) {
      _ = try CheckpointFile.write(
        to: path, tensors: network.tensors, state: state, configuration: "{\"from\":\(iteration)}",
        dataFingerprint: "{}", input: InputDescription(meanShape: [1, 1, 2], mean: [1, 2], classNames: classNames),
        provenance: testProvenance)
    }
    return path
  }

  private func average(_ paths: [String]) throws -> Int {
    try CheckpointAverage.write(of: paths, to: folder.file("mean.h5"), provenance: testProvenance)
  }

  @Test func everyValueIsTheMean() throws {
    let networks = [network(1), network(2), network(3)]
    let paths = try zip([20, 30, 10], networks).map { try write("\($0).h5", $1, iteration: $0) }
    #expect(try average(paths) == 30)
    let mean = TestNetwork(seed: 9, hasMomentum: false)
    try mean.read(folder.file("mean.h5"))
    try withExtendedLifetime((networks, mean)) {
      for (place, tensor) in mean.tensors.enumerated() {
        for index in tensor.values.indices {
          let sum = networks.reduce(0.0) { $0 + Double($1.tensors[place].values[index]) }
          try #require(tensor.values[index] == Float(sum / 3), "\(tensor.description) at \(index)")
        }
      }
    }
    let header = try CheckpointFile.readHeader(folder.file("mean.h5"))
    #expect(!header.hasMomentum && header.state.best == nil && header.state.iteration == 30)
    #expect(header.configuration == "{\"from\":30}" && header.input?.classNames == ["a", "b"])
    #expect(try folder.names() == ["10.h5", "20.h5", "30.h5", "mean.h5"])
  }

  @Test func ofOneItIsTheSame() throws {
    let only = network(4)
    _ = try average([write("one.h5", only, iteration: 5)])
    let mean = TestNetwork(seed: 9, hasMomentum: false)
    try mean.read(folder.file("mean.h5"))
    // Compared before, or a failure would print all values.
    let isSame = mean.bits == Array(only.bits.prefix(mean.bits.count))
    #expect(isSame)
  }

  /// A run that goes on removes checkpoints between their listing and their reading.
  @Test func whatIsGoneIsListedAgain() throws {
    let paths = try [10, 20].map { try write("\($0).h5", network(UInt32($0)), iteration: $0) }
    var listings = [[folder.file("0.h5"), paths[0]], [paths[0], folder.file("15.h5")], paths]
    let output = folder.file("mean.h5")
    let (count, iteration) = try CheckpointAverage.write(to: output, provenance: testProvenance) {
      listings.removeFirst()
    }
    #expect(count == 2 && iteration == 20 && listings.isEmpty)
    // One that is named again is missed, and what is damaged is not asked for again.
    try folder.write([1, 2, 3], to: "damaged.h5")
    for name in ["none.h5", "damaged.h5"] {
      var asked = 0
      let error = #expect(throws: FileError.self) {
        try CheckpointAverage.write(to: output, provenance: testProvenance) {
          asked += 1
          return [folder.file(name)]
        }
      }
      #expect(error?.path == folder.file(name) && asked == (name == "none.h5" ? 2 : 1), "\(String(describing: error))")
    }
  }

  /// An earlier average is replaced; a run's checkpoint, a sealed average and an input are not.
  @Test func onlyAnAverageIsReplaced() throws {
    let path = try write("one.h5", network(4), iteration: 5)
    let output = folder.file("mean.h5")
    _ = try average([path])
    try CheckpointAverage.output(output).check(inputs: [path], overwrites: false)
    expect(.cannotCreate, ["\(output): expected a name of its own for an averaged checkpoint, found an input of"]) {
      try CheckpointAverage.output(output).check(inputs: [path, output], overwrites: true)
    }
    expect(
      .cannotCreate, ["expected a new name, or an earlier averaged checkpoint, found an HDF5 file that would be lost"]
    ) { try CheckpointAverage.output(path).check(inputs: [], overwrites: false) }
    let sealed = folder.file("sealed.h5")
    _ = try CheckpointSeal.write(
      of: output, to: sealed, provenance: Provenance(program: "prelu-dist", commandLine: "prelu-dist seal mean.h5"))
    expect(.cannotCreate, ["\(sealed): expected a new name, or an earlier averaged checkpoint"]) {
      try CheckpointAverage.output(sealed).check(inputs: [], overwrites: false)
    }
  }

  @Test func othersAreRefused() throws {
    let first = try write("first.h5", network(1), iteration: 1)
    func problem(_ path: String) -> String {
      let error = #expect(throws: FileError.self) { try average([first, path]) }
      return error?.description ?? ""
    }
    var shapes = TestNetwork.shapes
    shapes[1].shape = [6]
    let other = problem(try write("shape.h5", network(1, shapes), iteration: 1))
    #expect(other.hasPrefix(folder.file("shape.h5")) && other.contains("expected conv1/1 [5] as in"), "\(other)")
    #expect(other.contains("found conv1/1 [6]. Average checkpoints of one training only"), "\(other)")
    let fewer = problem(try write("fewer.h5", network(1, Array(TestNetwork.shapes.dropLast())), iteration: 1))
    #expect(fewer.contains("expected 9 parameters as in") && fewer.contains("found 8"), "\(fewer)")
    let classes = problem(try write("classes.h5", network(1), iteration: 1, classNames: ["a", "c"]))
    #expect(classes.contains("expected the classes and the mean image of"), "\(classes)")
    #expect(problem(folder.file("none.h5")).contains("none.h5: "))
    #expect(try !folder.names().contains { $0.hasPrefix("mean.h5") })
  }
}
