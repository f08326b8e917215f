import Checkpoint
import Communication
import Configuration
import Foundation
import Images
import RankTestSupport
import System
import TestSupport
import Testing
import Training

/// The messages about a run that cannot go on as it was, or cannot be saved.
@Suite(.serialized, .enabled(if: isOutsideMPI)) struct ResumeMessageTests {
  private let folder: ScratchFolder
  private let world: World
  private var run: String { folder.file("run") }

  init() throws {
    folder = try ScratchFolder()
    world = try startedWorld()
    try writeIDX(to: folder.path, training: 6)
  }

  private final class Listener: RunListener {
    private let told: (TrainingEvent) -> Void
    init(_ told: @escaping (TrainingEvent) -> Void) { self.told = told }
    func hear(_ event: TrainingEvent) { told(event) }
  }

  private func start(
    _ start: TrainingSettings.Start, acceptsOtherData: Bool = false, told: @escaping (TrainingEvent) -> Void = { _ in }
  ) throws -> TrainingRun {
    let configuration = try smallConfiguration(directory: folder.path)
    return try TrainingRun(
      ConfigurationRequest(recipe: nil) { $0 = configuration },
      TrainingSettings(
        runFolder: run, start: start, iterations: 0, threads: 1, acceptsOtherData: acceptsOtherData,
        commandLine: "test", program: "test"), world: world, listeners: [Listener(told)])
  }

  /// Resumes a run whose checkpoint says so of its data.
  private func problem(fingerprint: String) throws -> String {
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    let path = "\(run)/checkpoint-0.h5"
    unlink(path)
    _ = try writeCheckpoint(path, smallConfiguration(directory: folder.path), dataFingerprint: fingerprint)
    let error = #expect(throws: RankFailure.self) { try start(.resume(run)) }
    #expect(error?.exitStatus == .badData)
    return error?.description ?? ""
  }

  @Test func otherDataThanBefore() throws {
    #expect(
      try problem(fingerprint: "[7]") == """
        \(run)/checkpoint-0.h5: expected the fingerprint of the data that it was trained on, found "[7]": use \
        --force to continue without comparing them
        """)
    func fingerprint(training: Int, digest: String) throws -> String {
      let value = DataFingerprint(
        kind: "idx", trainingCount: training, validationCount: 1, testCount: 4,
        extents: Extents(channels: 1, height: 4, width: 4), classCount: 2, digest: digest)
      return String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }
    let differ = "\(folder.path): the data differ from those that the run was trained on: "
    let advice = " Give the former data with --data, or continue all the same with --force"
    #expect(
      try problem(fingerprint: fingerprint(training: 9, digest: ""))
        == "\(differ)The data's number of training images is 5 and was 9.\(advice)")
    let digest = try problem(fingerprint: fingerprint(training: 5, digest: "0123456789abcdef"))
    #expect(
      digest.hasPrefix("\(differ)The pixels or labels are not the same: their digest is ")
        && digest.hasSuffix(" and was 0123456789abcdef.\(advice)"), "\(digest)")
    _ = try start(.resume(run), acceptsOtherData: true)
  }

  @Test func aCheckpointThatCannotBeSaved() throws {
    var warnings: [String] = []
    let training = try start(.new) { if case .warning(let text) = $0 { warnings.append(text) } }
    try FileManager.default.removeItem(atPath: run)
    let error = #expect(throws: RankFailure.self) { try training.run() }
    let problem = "\(run)/owner.json: cannot be created: No such file or directory. Make the folder first"
    let end = ". What was trained is lost: begin again"
    #expect(error?.description == problem + end && error?.exitStatus == .cannotCreate)
    // It is the last one, after which no training continues.
    #expect(!warnings.contains { $0.contains("training continues") }, "\(warnings)")
  }
}
