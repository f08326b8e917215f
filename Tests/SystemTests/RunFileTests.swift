import Foundation
import System
import TestSupport
import Testing

/// Tests of the names that a run has for its own files, as results that other commands write.
@Suite struct RunFileTests {
  private let scratch: ScratchFolder

  init() throws {
    scratch = try ScratchFolder()
    try scratch.write([], to: "run/owner.json")
    // A copy of a run without its claim, and checkpoints that are nobody's run.
    try scratch.write([], to: "copy/config.yaml")
    try scratch.write([1], to: "copy/checkpoint-4.h5")
    try scratch.write([1], to: "mine/checkpoint-4.h5")
    try scratch.write([], to: "sweep/sweep-owner.json")
  }

  private func check(_ name: String, as runFile: RunFile? = nil, overwrites: Bool = false) throws(FileError) {
    try OutputFile(scratch.file(name), kind: "a table", runFile: runFile, isEarlierResult: nil)
      .check(inputs: [], overwrites: overwrites)
  }

  private func expectRefusal(_ name: String, as runFile: RunFile? = nil) {
    for overwrites in [false, true] {
      expect(
        .cannotCreate,
        [
          "\(scratch.file(name)): expected a name of its own for a table, found one that training has for a file of "
            + "its own in this folder. Give another name"
        ]
      ) { try check(name, as: runFile, overwrites: overwrites) }
    }
  }

  @Test(arguments: RunFile.allCases) func noOtherResultBearsIt(file: RunFile) throws {
    for folder in ["run", "copy", "run/../copy"] { expectRefusal("\(folder)/\(file.rawValue)") }
    // Only the results that the run's own file holds may.
    let other: RunFile = file == .results ? .confusion : .results
    expectRefusal("run/\(file.rawValue)", as: other)
    if file != .owner { try check("run/\(file.rawValue)", as: file) }
    for folder in [".", "mine"] { try check("\(folder)/\(file.rawValue)") }
  }

  @Test(arguments: [
    "checkpoint-0.h5", "checkpoint-8.h5", "events.out.tfevents.1.host.2", "checkpoint-8.h5.tmp.first.4711",
    "metrics.csv.tmp.7",
  ])
  func namesThatCountAreTheRunsToo(name: String) throws {
    for folder in ["run", "copy"] { expectRefusal("\(folder)/\(name)") }
    try check("mine/\(name)")
  }

  @Test(arguments: ["evaluation.csv", "averaged.h5", "checkpoint-08.h5", "checkpoint.h5", "metrics", "best.h5"])
  func anyOtherNameIsTaken(name: String) throws {
    try check("run/\(name)")
  }

  @Test func aLinkLeadsToTheSameName() throws {
    try scratch.write([], to: "run/metrics.csv")
    try FileManager.default.createSymbolicLink(atPath: scratch.file("link.csv"), withDestinationPath: "run/metrics.csv")
    expectRefusal("link.csv")
    try FileManager.default.createSymbolicLink(atPath: scratch.file("folder"), withDestinationPath: "run")
    expectRefusal("folder/progress.csv")
  }

  /// The result would be written where the link leads, though nothing is there yet.
  @Test(arguments: ["run/metrics.csv", "./run/../run/best"]) func aLinkToNothingLeadsThereToo(target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: scratch.file("link.csv"), withDestinationPath: target)
    expectRefusal("link.csv")
  }

  @Test func aSweepHasNamesToo() throws {
    for name in ["sweep.csv", "sweep.txt", "report.html"] { expectRefusal("sweep/\(name)") }
    try check("sweep/report.html", as: .report)
    for name in ["metrics.csv", "notes.csv"] { try check("sweep/\(name)") }
  }
}
