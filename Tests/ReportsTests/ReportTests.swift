import Foundation
import Images
import Reports
import System
import TestSupport
import Testing

/// The page as a whole, and what it says of inputs that are missing or wrong.
@Suite struct ReportTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func makeRun(_ name: String, epochs: Int = 3) throws -> String {
    let path = folder.file(name)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let file = MetricsFile(path: "\(path)/metrics.csv")
    for epoch in 1...epochs {
      try file.append(
        MetricsRow(
          epoch: epoch, iteration: 100 * epoch, learningRate: 0.01, trainLoss: 1 / Double(epoch), trainTop1Error: 20,
          validationTop1Error: 10.25, validationTop5Error: 1.5, imagesPerSecond: 1000, seconds: 60, dataWaitSeconds: 0))
    }
    return path
  }

  @Test func thePageNeedsNothingElse() throws {
    let path = try makeRun("a&b <run>")
    try Data("recipe: fashion # <&>\n".utf8).write(to: URL(fileURLWithPath: "\(path)/config.yaml"))
    try PlacesFile(path: "\(path)/places.csv").append(
      RunPlace(
        started: "2026-01-01T00:00:00Z", iteration: 0, ranks: 2, threads: 4, hosts: "n1 (1), n2 (1)",
        processor: "A, \"B\"", software: "s"))
    let html = try Report(paths: [path]).html()
    #expect(!html.contains("<script"))
    // Names of formats, data inside the page and places in it; nothing to fetch.
    for match in html.matches(of: /(?:href|src|url)[=(]"?([^"]{0,40})/) {
      let target = String(match.1)
      #expect(target.hasPrefix("#") || target.hasPrefix("data:"), "\(target)")
    }
    #expect(html.replacing("http://www.w3.org/2000/svg", with: "").contains("http") == false)
    #expect(html.contains("a&amp;b &lt;run&gt;") && !html.contains("<run>"))
    #expect(html.contains("recipe: fashion # &lt;&amp;&gt;"))
    #expect(html.contains("A, &quot;B&quot;") && html.contains("2 × 4"))
    #expect(html.contains("10.25 / 1.50 % after epoch 1"))
    #expect(html.contains("prefers-color-scheme:dark"))
    // Nothing says where this folder lies.
    #expect(!html.contains(folder.path))
  }

  @Test func aNoteStandsFirst() throws {
    let run = try makeRun("run")
    try folder.write(Array("ours  <7 %\n  & \"theirs\" </pre><script>\n".utf8), to: "out & come.txt")
    let html = try Report(paths: [run], note: folder.file("out & come.txt")).html()
    #expect(html.contains("<pre>ours  &lt;7 %\n  &amp; &quot;theirs&quot; &lt;/pre&gt;&lt;script&gt;\n</pre>"))
    let places = try ["<h2>out &amp; come.txt</h2>", "<h2>Summary</h2>"].map { try #require(html.range(of: $0)) }
    #expect(places[0].upperBound < places[1].lowerBound && !html.contains("<script"))
    let error = #expect(throws: FileError.self) { try Report(paths: [run], note: folder.file("none")) }
    #expect(error?.kind == .missing)
  }

  @Test func runsAreOverlaidAndToldApart() throws {
    _ = try makeRun("one/run")
    _ = try makeRun("two/run")
    let report = try Report(paths: [folder.file("one/run"), folder.file("two/run/")])
    let svg = try #require(report.figures.first { $0.name == "error" }).svg(.wide)
    #expect(svg.contains("one/run, validation") && svg.contains("two/run, training"))
    #expect(report.figures.map(\.name).contains("error-by-time"))
  }

  @Test func plotsAloneComeWithTheirNumbers() throws {
    let report = try Report(paths: [makeRun("run")])
    let names = try report.writePlots(toFolder: folder.file("deep/plots"))
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.file("deep/plots")).sorted()
    #expect(files == names.flatMap { ["\($0).csv", "\($0).svg"] }.sorted())
    for name in names {
      let svg = String(decoding: try folder.bytes("deep/plots/\(name).svg"), as: UTF8.self)
      _ = try XMLReading(svg)
      #expect(svg.contains("prefers-color-scheme:dark") && svg.contains("<title>"))
    }
  }

  @Test func aLivingRunIsShownAsItIs() throws {
    let path = try makeRun("run")
    try Report(paths: [path]).write(to: "\(path)/report.html")
    #expect(String(decoding: try folder.bytes("run/report.html"), as: UTF8.self).contains("after epoch 3"))
    _ = try MetricsFile(path: "\(path)/metrics.csv").append(
      MetricsRow(
        epoch: 4, iteration: 400, learningRate: 0.01, trainLoss: .nan, trainTop1Error: 20, validationTop1Error: nil,
        validationTop5Error: nil, imagesPerSecond: 1000, seconds: 60, dataWaitSeconds: 0))
    try Report(paths: [path]).write(to: "\(path)/report.html")
    #expect(String(decoding: try folder.bytes("run/report.html"), as: UTF8.self).contains("after epoch 4"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["metrics.csv", "report.html"])
  }

  @Test func whatIsNoRunIsNamed() throws {
    try FileManager.default.createDirectory(atPath: folder.file("empty"), withIntermediateDirectories: true)
    expect(.missing, "found neither", [folder.file("empty")])
    expect(.missing, "neither a run folder nor a table", [folder.file("nowhere")])
    for (text, words) in [
      ("", "found an empty file"), ("a,b\n1,2\n", "with the header \"class,name,images"),
      ("a,b\n1,2\n", "found the header \"a,b\""),
      (
        "\(ResultsFile.header)\n,a.h5,,test,center,big,true,logits,9,3,1,0,0,1,1\n",
        "line 2, scales: expected a whole number from 0 to 2^40, found \"big\""
      ),
      ("\(ResultsFile.header)\n,a.h5,,test,center,,true,logits,9,3,4,0,0,1,1\n", "errors ≤ images, found 4, 3 and 9"),
      (
        "class,name,images,top1_errors,top5_errors\n0,x,10,3\n1,y,1,1,1\n",
        "expected 5 fields as in the header, found 4 in line 2"
      ),
      ("class,name,images,top1_errors,top5_errors\n0,x,10,3,4\n", "top-5 errors ≤ top-1 errors ≤ images"),
      (
        "class,name,images,top1_errors,top5_errors\n0,x,9223372036854775807,3,4\n",
        "line 2, images: expected a whole number from 0 to 2^40, found \"9223372036854775807\""
      ),
      (
        "class,name,images,top1_errors,top5_errors\n0,x,ten,3,4\n",
        "line 2, images: expected a whole number from 0 to 2^40, found \"ten\""
      ),
      ("class,name,images,top1_errors,top5_errors\n0,x,9,3,1\n0,x,9,3,1\n", "class 0 is there twice"),
    ] {
      try folder.write(Array(text.utf8), to: "table.csv")
      expect(.wrongKind, words, [folder.file("table.csv")])
    }
    let run = try makeRun("run")
    try folder.write(Array("iteration,tower\n".utf8), to: "run/time.csv")
    expect(.wrongKind, "expected times with the header", [run])
    let error = #expect(throws: FileError.self) {
      try FileManager.default.removeItem(atPath: "\(run)/time.csv")
      try Report(paths: [run]).write(to: folder.file("no/such/folder.html"))
    }
    #expect(error?.kind == .cannotCreate && error?.description.contains("No such file") == true)
  }

  @Test func resultsOfEvaluationsAreShown() throws {
    let path = folder.file("results.csv")
    var row = ResultsRow(
      time: "2026-11-24T10:00:00Z", checkpoints: ["runs/a, b/checkpoint-9.h5"], data: "photos.h5", split: "validation",
      views: "dense", scales: [256, 384], mirror: true, averaging: "logits", images: 200, top1: 25, top5: 3,
      seconds: 1.25, ranks: 2)
    try ResultsFile.append(row, to: path)
    (row.views, row.scales, row.split, row.mirror) = ("center", [], "test", false)
    row.checkpoints = ["one.h5", "two.h5", "three.h5"]
    try ResultsFile.append(row, to: path)
    let html = try Report(paths: [path]).html()
    for text in [
      ">12.50 / 1.50 %<", "dense at 256, 384 validation: top-5 1.50 %", "one and 2 others: center: top-1 12.50 %",
      "photos.h5", "<td>runs/a, b/checkpoint-9.h5</td>",
    ] {
      #expect(html.contains(text), "\(text)")
    }
    let run = try makeRun("run")
    try FileManager.default.moveItem(atPath: path, toPath: "\(run)/results.csv")
    #expect(try Report(paths: [run]).figures.contains { $0.name == "results" })
  }

  private func expect(_ kind: FileError.Kind, _ words: String, _ paths: [String]) {
    let error = #expect(throws: FileError.self) { try Report(paths: paths) }
    #expect(error?.kind == kind, "\(String(describing: error))")
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
  }

  // MARK: - Tables

  @Test func predictionsAreReadWithFewerThanFiveClasses() throws {
    let path = try makeRun("run")
    try folder.write(
      Array((PredictionsFile.header + "\n0,2,2,0.9,1,0.05,0,0.05,,,,,test,\n7,1,0,0.6,1,0.4,,,,,,,test,\n").utf8),
      to: "run/predictions.csv")
    let run = try RunContents(folder: path)
    #expect(run.predictions.map(\.isRight) == [true, false])
    #expect(run.predictions[1].guesses.map(\.classIndex) == [0, 1])
    let html = Report(run: run).html()
    #expect(html.contains("1 of 2 pictures") && html.contains("class 2 ✓") && html.contains("class 0 ✗"))
    #expect(html.contains("The pictures themselves are not shown"))
  }

  /// Four gray pictures of each split, of 2 × 2 pixels, with classes of their own.
  private struct Source: PictureSource {
    let labels: [MeasuredSplit: [Int32]]

    func pictures(_ part: MeasuredSplit, of data: PictureData) throws -> any TestImages {
      guard data.path == "the data", let labels = labels[part] else { throw CocoaError(.fileNoSuchFile) }
      return PlainTestImages(
        LabeledImages(
          pixels: [UInt8](repeating: 9, count: 4 * labels.count),
          extents: Extents(channels: 1, height: 2, width: 2), labels: labels, classCount: 3))
    }
  }

  /// The pictures of a page are those that its table of predictions names, and none where they do not fit.
  @Test(arguments: [
    ("test,the data", [0, 1, 2, 0], [0, 1, 2, 0], "alt=\"test picture 3, class 0\""),
    ("validation,the data", [0, 1, 2, 0], [0, 1, 2, 0], "alt=\"validation picture 3, class 0\""),
    ("test,other data", [0, 1, 2, 0], [0, 1, 2, 0], "The pictures themselves are not shown"),
    ("test,", [0, 1, 2, 0], [0, 1, 2, 0], "the run does not say where its pictures are"),
    ("validation,the data", [0, 1, 2, 0], [0, 1, 2, 1], "validation picture 3 has class 1, the predictions say 0"),
    ("test,the data", [0, 1, 2], [0], "expected predictions of the 3 test pictures, found one of picture 3"),
  ])
  func picturesAreThoseThatPredictionsCount(
    end: String, test: [Int32], validation: [Int32], words: String
  ) throws {
    let path = try makeRun("run")
    try folder.write(
      Array("\(PredictionsFile.header)\n0,0,0,0.9,,,,,,,,,\(end)\n3,0,1,0.9,,,,,,,,,\(end)\n".utf8),
      to: "run/predictions.csv")
    let run = try RunContents(folder: path)
    let html = Report(run: run, pictures: Source(labels: [.test: test, .validation: validation])).html()
    #expect(html.contains(words), "\(html.suffix(3000))")
  }

  @Test func tablesOfPredictionsKeepToOnePart() throws {
    let run = try makeRun("run")
    for (rows, words) in [
      (
        "0,0,0,0.9,,,,,,,,,test,\n1,0,0,0.9,,,,,,,,,validation,\n",
        "expected one split of one data set, found another in line 3"
      ),
      ("0,0,0,0.9,,,,,,,,,training,\n", "line 2, split: expected test or validation, found \"training\""),
    ] {
      try folder.write(Array((PredictionsFile.header + "\n" + rows).utf8), to: "run/predictions.csv")
      expect(.wrongKind, words, [run])
    }
    let plain = PredictionsFile.header.replacing(",split,data", with: "")
    try folder.write(Array("\(plain)\n0,2,2,0.9,,,,,,,,\n".utf8), to: "run/predictions.csv")
    expect(.wrongKind, "expected predictions with the header", [run])
  }
}
