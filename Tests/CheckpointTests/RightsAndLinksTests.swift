import Checkpoint
import Foundation
import TestSupport
import Testing

/// The effect of a run folder on others: their permissions, and links to elsewhere.
@Suite struct RightsAndLinksTests {
  /// The test runs in a process of its own, since the umask holds for all threads.
  @Test func filesHaveTheRightsThatTheUmaskLeaves() async {
    await #expect(processExitsWith: .success) {
      umask(0o027)
      let scratch = try ScratchFolder()
      var folder = try RunFolder.create(at: scratch.file("deep/run"))
      try fill(&folder)
      func rights(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(names.count == 5, "\(names)")
      for name in names { #expect(try rights(folder.file(name)) == 0o640, "\(name)") }
      #expect(try rights(folder.path) == 0o750)
    }
  }

  /// Links with our files' names to a file that is not ours: replaced, and what they pointed to is untouched.
  @Test func linksAreReplacedAndNotFollowed() throws {
    let scratch = try ScratchFolder()
    try scratch.write(Array("precious".utf8), to: "precious")
    var folder = try RunFolder.create(at: scratch.file("run"))
    let names = ["config.yaml", "latest", "best", "checkpoint-1234.h5", "owner.json"]
    for name in names.dropLast() {
      try FileManager.default.createSymbolicLink(atPath: folder.file(name), withDestinationPath: "../precious")
    }
    try fill(&folder)
    for name in names {
      let kind = try FileManager.default.attributesOfItem(atPath: folder.file(name))[.type] as? FileAttributeType
      #expect(kind == .typeRegular, "\(name)")
    }
    #expect(try scratch.bytes("precious") == Array("precious".utf8))
    #expect(try folder.newestWhole().header.state.iteration == 1234)
  }

  /// A link in the place of the temporary file, as somebody might put it into a shared folder.
  @Test func aLinkInTheWayOfWritingIsNotFollowed() throws {
    let scratch = try ScratchFolder()
    try scratch.write(Array("precious".utf8), to: "precious")
    try FileManager.default.createSymbolicLink(atPath: scratch.file("a.h5"), withDestinationPath: "precious")
    expect(
      .cannotCreate,
      ["\(scratch.file("a.h5")): expected a new file, found one of that name. Move away what has that name now"]
    ) {
      try writeTestCheckpoint(scratch.file("a.h5"), TestNetwork(seed: 1))
    }
    #expect(try scratch.bytes("precious") == Array("precious".utf8))
  }
}

/// Writes every kind of file that a run folder has.
private func fill(_ folder: inout RunFolder) throws {
  try folder.claim(runIdentifier: "run")
  try folder.write("a: 1\n", to: "config.yaml")
  let network = TestNetwork(seed: 1)
  // The pointer to the best checkpoint is written where there is such a file.
  var state = testState
  state.best = BestResult(validationTop1Error: 8.5, iteration: state.iteration)
  _ = try withExtendedLifetime(network) {
    try folder.save(
      tensors: network.tensors, state: state, configuration: "{}", dataFingerprint: "{}",
      provenance: testProvenance, keep: 2)
  }
}
