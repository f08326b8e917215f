import Foundation
import TestSupport
import Testing

/// Tests of scores that are no numbers, as a network with weights of 10³⁸ has them: JSON has no words for them.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct NumbersWithoutJSONTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws { folder = try ScratchFolder() }

  @Test func scoresThatAreNoNumbersAreTold() throws {
    func run(_ arguments: String...) throws -> Program.Outcome {
      let outcome = try Program.run(arguments, in: directory)
      #expect(outcome.exitCode == 0, "\(arguments): \(outcome.exitCode) \(outcome.errors)")
      return outcome
    }
    let small = ["--recipe", try smallFashion(), "--width", "4", "--threads", "1", "--iterations", "0", "--quiet"]
    #expect(try Program.run(small + ["--run", "r"], in: directory).exitCode == 0)
    _ = try run("export", "r", "--to", "safetensors", "-o", "w.safetensors")
    var bytes = try folder.bytes("w.safetensors")
    // The header follows its length in eight bytes; behind it are the values.
    let start = 8 + bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let huge = withUnsafeBytes(of: Float(1e38).bitPattern.littleEndian) { Array($0) }
    for place in stride(from: start, to: bytes.count, by: 4) { bytes.replaceSubrange(place..<place + 4, with: huge) }
    try folder.write(bytes, to: "w.safetensors")
    #expect(try Program.run(small + ["--weights", "w.safetensors", "--run", "huge"], in: directory).exitCode == 0)
    let output = try run("predict", "huge", "--test-image", "0", "--json", "--threads", "1").output
    let object = try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    #expect(output.contains("\"nan\"") || output.contains("\"inf\""), "\(object)")
    _ = try run("evaluate", "huge", "--subset", "8", "--json", "--threads", "1")
  }
}
