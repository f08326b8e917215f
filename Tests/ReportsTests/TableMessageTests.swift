import Foundation
import Images
import Reports
import System
import TestSupport
import Testing

/// The messages about tables that are damaged, or are not tables, and about places where none can be written.
@Suite struct TableMessageTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  private func write(_ text: String, _ name: String) throws {
    let url = URL(filePath: folder.file(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  private func expect(
    _ kind: FileError.Kind, _ message: String, sourceLocation: SourceLocation = #_sourceLocation,
    of body: () throws -> Void
  ) {
    let error = #expect(throws: FileError.self, sourceLocation: sourceLocation) { try body() }
    #expect(error?.kind == kind && error?.description == message, sourceLocation: sourceLocation)
  }

  private static let advice = "Move it away, or have it written again"
  private static let classes = "class,name,images,top1_errors,top5_errors"
  private static let times = "iteration,tower,fc,communication,data,evaluation,checkpoint"
  private static let statistics = "iteration,layer,response_std,gradient_std,update_weight_ratio,decay_share"
  private static let places = "started,iteration,ranks,threads,hosts,processor,software"

  /// Every table of a run folder is refused with its own message.
  @Test(arguments: [
    ("time.csv", "a,b", "expected times with the header \"\(times)\", found \"a,b\""),
    ("time.csv", "\(times)\n1,2,3,4,five,6,7", "line 2, data: expected a number, found \"five\""),
    ("time.csv", "\(times)\n-1,2,3,4,5,6,7", "line 2, iteration: expected a whole number from 0 to 2^40, found \"-1\""),
    ("time.csv", "\(times)\n1,2\n1,2,3,4,5,6,7", "expected 7 fields as in the header, found 2 in line 2"),
    ("places.csv", "a,b", "expected places with the header \"\(places)\", found \"a,b\""),
    (
      "places.csv", "\(places)\nnow,0,many,1,h,p,s",
      "line 2, ranks: expected a whole number from 0 to 2^40, found \"many\""
    ),
    ("statistics.csv", "a,b", "expected layers' statistics with the header \"\(statistics)\", found \"a,b\""),
    ("statistics.csv", "\(statistics)\n1,conv1,x,1,1,1", "line 2, response_std: expected a number, found \"x\""),
    (
      "per-class.csv", "a,b", "expected an evaluation's errors by class with the header \"\(classes)\", found \"a,b\""
    ),
    (
      "predictions.csv", "a,b", "expected predictions with the header \"\(PredictionsFile.header)\", found \"a,b\""
    ),
    (
      "predictions.csv", "\(PredictionsFile.header)\n0,1,2,likely,,,,,,,,,test,",
      "line 2, score1: expected a number, found \"likely\""
    ),
    (
      "results.csv", "a,b", "expected results of evaluations with the header \"\(ResultsFile.header)\", found \"a,b\""
    ),
    ("per-class.csv", "", "expected a table with a header, found an empty file"),
  ])
  func tablesOfARun(name: String, text: String, problem: String) throws {
    try write(text.isEmpty ? "" : text + "\n", "run/\(name)")
    expect(.wrongKind, "\(folder.file("run"))/\(name): \(problem). \(Self.advice)") {
      _ = try Report(paths: [folder.file("run")])
    }
  }

  @Test func metricsOfAnotherProgram() throws {
    try write("a,b\n", "metrics.csv")
    let path = folder.file("metrics.csv")
    expect(
      .wrongKind,
      """
      \(path): expected epochs' figures with the header "\(MetricsFile.header)", found "a,b". \(Self.advice)
      """
    ) { _ = try MetricsFile(path: path).rows() }
    try write("no line break", "metrics.csv")
    expect(
      .wrongKind,
      """
      \(path): expected epochs' figures with the header "\(MetricsFile.header)", found "no line break". \(Self.advice)
      """
    ) { _ = try MetricsFile(path: path).rows() }
  }

  @Test func whatIsThereInsteadOfATable() throws {
    let limit = 256 << 20
    func refused(_ name: String, _ found: String) {
      let path = folder.file(name)
      expect(.wrongKind, "\(path): expected a text of at most \(limit) bytes, found \(found). \(Self.advice)") {
        _ = try MetricsFile(path: path).rows()
      }
    }
    try FileManager.default.createDirectory(atPath: folder.file("folder"), withIntermediateDirectories: false)
    refused("folder", "a folder")
    #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
    refused("pipe", "a pipe or a device")
    try folder.write([], to: "large")
    #expect(truncate(folder.file("large"), limit + 1) == 0)
    refused("large", "\(limit + 1) bytes")
    try folder.write([0x1f, 0x8b, 8, 0, 0xff], to: "packed")
    let packed = folder.file("packed")
    expect(.wrongKind, "\(packed): expected a text in UTF-8, found a gzip file. \(Self.advice)") {
      _ = try MetricsFile(path: packed).rows()
    }
    try FileManager.default.createSymbolicLink(atPath: folder.file("loop"), withDestinationPath: "loop")
    let words = "Too many levels of symbolic links. A symbolic link leads back to itself"
    expect(.cannotRead, "\(folder.file("loop")): cannot be opened: \(words)") {
      _ = try MetricsFile(path: folder.file("loop")).rows()
    }
    let folderOfStatistics = StatisticsFile(path: folder.file("pipe"))
    let pipe = "\(folder.file("pipe")): expected a text of at most \(1 << 30) bytes, found a pipe or a device"
    expect(.wrongKind, "\(pipe). \(Self.advice)") { try folderOfStatistics.truncate(afterIteration: 1) }
  }

  @Test func whatIsNotThere() throws {
    let none = folder.file("none")
    expect(
      .missing,
      "\(none): there is no such file; `prelu-dist evaluate --classes` writes one, with the header \"\(Self.classes)\""
    ) { _ = try ClassErrorsFile.read(none) }
    expect(.missing, "\(none): there is no such run folder") { _ = try RunContents(folder: none) }
    expect(.missing, "\(none): expected a text to put into the report, found no such file") {
      _ = try Report(paths: [folder.path], note: none)
    }
  }

  @Test func placesThatCannotBeWritten() throws {
    let row = MetricsRow(
      epoch: 1, iteration: 1, learningRate: 1, trainLoss: 1, trainTop1Error: 1, validationTop1Error: nil,
      validationTop5Error: nil, imagesPerSecond: 1, seconds: 1, dataWaitSeconds: 0)
    // A device that is always full.
    expect(.cannotWrite, "/dev/full: cannot be written: No space left on device. Make room there") {
      try MetricsFile(path: "/dev/full").append(row)
    }
    let (none, own) = (folder.file("none/a.csv"), folder.path)
    let (missing, taken) = ("No such file or directory. Make the folder first", "Is a directory. Move away what has")
    expect(.cannotCreate, "\(none): cannot be opened for writing: \(missing)") {
      try MetricsFile(path: none).append(row)
    }
    expect(.cannotCreate, "\(own): cannot be opened for writing: \(taken) that name now") {
      try MetricsFile(path: own).append(row)
    }
    expect(.cannotCreate, "\(none): cannot be created: \(missing)") { try ClassErrorsFile.write([], to: none) }
    expect(.cannotCreate, "\(own): cannot be put in place: \(taken) that name now") {
      try ClassErrorsFile.write([], to: own)
    }
    expect(.cannotCreate, "\(own): expected the name of a file, found a folder") { try FileSystem.checkWritable(own) }
    expect(.cannotCreate, "\(none): cannot be created in \(folder.file("none")): \(missing)") {
      try FileSystem.checkWritable(none)
    }
    try write("", "file")
    let file = folder.file("file")
    #expect(try folder.names() == ["file"])

    try MetricsFile(path: folder.file("run.csv")).append(row)
    try write(MetricsFile.header + "\n1,1,1,1,1,1,1,1,1,1\n", "run/metrics.csv")
    let report = try Report(paths: [folder.file("run")])
    expect(.cannotCreate, "\(file): expected a folder, found a file of that name") {
      _ = try report.writePlots(toFolder: file)
    }
    expect(.cannotCreate, "\(file)/plots: cannot be created: Not a directory. Make the folder first") {
      _ = try report.writePlots(toFolder: "\(file)/plots")
    }
  }

  @Test func predictionsInHDF5() throws {
    func write(_ path: String) throws {
      try PredictionsFile.write(
        [Prediction(index: 0, label: 0, guesses: [(0, 1)])], of: PredictedPictures(split: .test), classNames: ["a"],
        to: path)
    }
    let (none, taken) = (folder.file("none/a.h5"), folder.file("a.h5"))
    expect(.cannotCreate, "\(none): cannot be created: No such file or directory. Make the folder first") {
      try write(none)
    }
    try FileManager.default.createDirectory(atPath: taken, withIntermediateDirectories: false)
    expect(.cannotCreate, "\(taken): cannot be put in place: Is a directory. Move away what has that name now") {
      try write(taken)
    }
    #expect(try folder.names() == ["a.h5"])
  }

  @Test func classesOfOtherNames() throws {
    func classes(_ names: [String], images: Int = 5, first: Int = 0) -> [ClassErrors] {
      names.enumerated().map {
        ClassErrors(classIndex: first + $0.offset, name: $0.element, images: images, top1: 1, top5: 1)
      }
    }
    let advice = "Compare evaluations of the same classes"
    func refused(_ other: [ClassErrors], _ problem: String) {
      expect(.mismatch, "b.csv: \(problem). \(advice)") {
        _ = try ClassComparison(classes(["ant", "bee"]), other, firstPath: "a.csv", path: "b.csv")
      }
    }
    refused(classes(["ant", "cat"]), "class 1 is cat, but bee in a.csv")
    refused(classes(["ant"], first: 7), "it has no class in common with a.csv")
    refused(classes(["ant"], images: 0), "it has no class in common with a.csv that both have images of")
  }
}
