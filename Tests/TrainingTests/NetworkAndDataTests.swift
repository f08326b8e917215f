import Checkpoint
import Configuration
import Evaluation
import Foundation
import Kernels
import Network
import System
import TestSupport
import Testing
import Training

/// The messages about checkpoints, networks and data that do not go together.
@Suite struct NetworkAndDataTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  /// Writes a checkpoint of a small network for images of 4×4, which validates on two training images.
  private func checkpoint(
    _ name: String = "a.h5", classes: Int = 2, input: InputDescription?
  ) throws -> String {
    let configuration = try smallConfiguration(directory: folder.path, classes: classes, validation: 2)
    return try writeCheckpoint(folder.file(name), configuration, input: input)
  }

  private func input(_ classNames: [String], shape: [Int] = [1, 4, 4]) -> InputDescription {
    InputDescription(
      meanShape: shape, mean: [Float](repeating: 0, count: shape.reduce(1, *)), classNames: classNames)
  }

  private func problem(_ body: () throws -> Any) -> String {
    let error = #expect(throws: Refusal.self) { _ = try body() }
    #expect(error?.exitStatus == .badData)
    return error?.description ?? ""
  }

  @Test func checkpointsThatDoNotSayEnough() throws {
    let advice = "use a checkpoint that `prelu-dist train` wrote"
    var path = try checkpoint(input: nil)
    #expect(
      problem { try TrainedNetwork(path) }
        == "\(path): expected a checkpoint with a mean image, which inputs need, found none in it: \(advice)")
    path = try checkpoint("b.h5", input: input(["ant", "bee"], shape: [1, 3, 5]))
    #expect(
      problem { try TrainedNetwork(path) }
        == "\(path): its mean image has the shape [1, 3, 5], the network's input is 1×4×4: \(advice)")
    path = try checkpoint("c.h5", input: input(["ant", "bee", "cat"]))
    #expect(
      problem { try TrainedNetwork(path) } == "\(path): it names 3 classes, the network scores 2: \(advice)")
  }

  @Test func networksOfOtherClasses() throws {
    let advice = "average networks of the same classes only"
    let (a, b, c) = (
      try checkpoint(input: input(["ant", "bee"])), try checkpoint("b.h5", input: input(["ant", "cat"])),
      try checkpoint("c.h5", classes: 3, input: input(["ant", "bee", "cat"]))
    )
    let first = try TrainedNetwork(a)
    try first.checkClasses(first)
    #expect(
      problem { try TrainedNetwork(b).checkClasses(first) }
        == "\(b): its classes are not those of \(a): class 1 is cat, not bee: \(advice)")
    let evil = try checkpoint("d.h5", input: input(["ant", "cat\nprelu-dist: all is well\u{1B}[2J"]))
    #expect(
      problem { try TrainedNetwork(evil).checkClasses(first) }
        == "\(evil): its classes are not those of \(a): class 1 is "
        + #""cat\nprelu-dist: all is well\u{1b}[2J", not bee: \#(advice)"#)
    #expect(
      problem { try TrainedNetwork(c).checkClasses(first) }
        == "\(c): its classes are not those of \(a): 3 classes, not 2: \(advice)")
  }

  @Test func imagesThatANetworkIsNotFor() throws {
    let path = try checkpoint(input: input(["ant", "bee"]))
    let network = try TrainedNetwork(path)
    try writeIDX(to: folder.path, training: 2, side: 3)
    #expect(
      problem { try network.images(.test) } == """
        \(folder.path): expected images of 1×4×4, which the network of \(path) takes, found 1×3×3: give its own data \
        with --data
        """)
    #expect(
      problem { try network.images(.validation) } == """
        \(folder.path): expected more than 2 training images, of which that many validate, found 2: give the data that \
        the network was trained on, or take --split test
        """)
    #expect(
      problem { try network.images(nil, data: path) } == """
        \(path): expected a folder of IDX files, which the network of \(path) was trained on, found a file: give such \
        a folder with --data
        """)
  }
}
