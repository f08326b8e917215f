import Foundation
import Reports
import System
import TestSupport
import Testing

@Suite struct MetricsFileTests {
  let folder: ScratchFolder
  let file: MetricsFile

  init() throws {
    folder = try ScratchFolder()
    file = MetricsFile(path: folder.file("metrics.csv"))
  }

  private static let header =
    "epoch,iteration,learning_rate,train_loss,train_top1_error,validation_top1_error,validation_top5_error,"
    + "images_per_second,seconds,data_wait_seconds"

  private func row(_ epoch: Int, iteration: Int, validation: Double? = 9.5) -> MetricsRow {
    MetricsRow(
      epoch: epoch, iteration: iteration, learningRate: 0.01, trainLoss: 1 / 3, trainTop1Error: 12.25,
      validationTop1Error: validation, validationTop5Error: validation.map { $0 / 10 }, imagesPerSecond: 1234.5,
      seconds: 60, dataWaitSeconds: 0.5)
  }

  private var text: String {
    get throws { String(decoding: try folder.bytes("metrics.csv"), as: UTF8.self) }
  }

  @Test func appends() throws {
    #expect(try file.rows().isEmpty)
    try file.append(row(1, iteration: 430))
    try file.append(row(2, iteration: 860, validation: nil))
    #expect(
      try text == """
        \(Self.header)
        1,430,0.01,0.3333333333333333,12.25,9.5,0.95,1234.5,60.0,0.5
        2,860,0.01,0.3333333333333333,12.25,,,1234.5,60.0,0.5

        """)
    #expect(try file.rows() == [row(1, iteration: 430), row(2, iteration: 860, validation: nil)])
    #expect(try folder.names() == ["metrics.csv"])
  }

  @Test func numbersThatAreNone() throws {
    var lost = row(1, iteration: 5)
    lost.trainLoss = .infinity
    try file.append(lost)
    #expect(try file.rows() == [lost])
  }

  @Test func resumedRunCutsOffWhatItWillWriteAgain() throws {
    try file.truncate(afterIteration: 3)
    #expect(try folder.names().isEmpty)
    for epoch in 1...4 { try file.append(row(epoch, iteration: 100 * epoch)) }
    let before = try text
    try file.truncate(afterIteration: 400)
    #expect(try text == before)
    try file.truncate(afterIteration: 299)
    #expect(try file.rows().map(\.iteration) == [100, 200])
    try file.append(row(3, iteration: 300))
    try file.append(row(4, iteration: 400))
    #expect(try text == before)
    try file.truncate(afterIteration: 0)
    #expect(try text == Self.header + "\n")
    try file.append(row(1, iteration: 100))
    #expect(try text.split(separator: "\n").count == 2)
    #expect(try folder.names() == ["metrics.csv"])
  }

  @Test func halfWrittenLastLineIsDropped() throws {
    for epoch in 1...2 { try file.append(row(epoch, iteration: 100 * epoch)) }
    let bytes = try folder.bytes("metrics.csv")
    for length in 0..<bytes.count {
      try folder.write(Array(bytes[..<length]), to: "metrics.csv")
      let rows = try file.rows()
      #expect(rows == [row(1, iteration: 100)].prefix(rows.count).map { $0 })
      try file.truncate(afterIteration: 1000)
      #expect(try file.rows() == rows, "cut after \(length) bytes")
      try file.append(row(7, iteration: 700))
      #expect(try file.rows() == rows + [row(7, iteration: 700)], "cut after \(length) bytes")
    }
  }

  @Test func otherFilesAreRefused() throws {
    try folder.write(Array("epoch;loss\n1;2\n".utf8), to: "metrics.csv")
    let problem = "expected epochs' figures with the header \"\(Self.header)\", found \"epoch;loss\""
    expect(.wrongKind, problem) { _ = try file.rows() }
    expect(.wrongKind, problem) { try file.truncate(afterIteration: 5) }
    #expect(try text == "epoch;loss\n1;2\n")
    try folder.write(Array((Self.header + "\n1,2,x,4,5,6,7,8,9,10\n").utf8), to: "metrics.csv")
    expect(.wrongKind, "line 2, learning_rate: expected a number, found \"x\"") { _ = try file.rows() }
    try folder.write(Array((Self.header + "\n1,2,3,4,5,6,7,8,9\n").utf8), to: "metrics.csv")
    expect(.wrongKind, "expected 10 fields as in the header, found 9 in line 2") { _ = try file.rows() }
    try folder.write([0xff, 0xfe, 0x0a], to: "metrics.csv")
    expect(.wrongKind, "expected a text in UTF-8, found one in another encoding") { _ = try file.rows() }
    let missing = MetricsFile(path: folder.file("none/metrics.csv"))
    let error = #expect(throws: FileError.self) { try missing.append(row(1, iteration: 1)) }
    #expect(error?.kind == .cannotCreate)
    #expect(error?.description.hasSuffix("No such file or directory. Make the folder first") == true)
  }

  private func expect(_ kind: FileError.Kind, _ problem: String, _ body: () throws -> Void) {
    let error = #expect(throws: FileError.self) { try body() }
    #expect(error?.kind == kind)
    #expect(error?.description == "\(file.path): \(problem). Move it away, or have it written again")
  }
}
