import Foundation
import Reports

/// The tables of a run folder, of which one is mutated and all are reported on.
enum RunTables {
  private static let tables: [(name: String, text: String)] = [
    (
      "metrics.csv",
      """
      \(MetricsFile.header)
      1,429,0.01,1.25,45.5,22.25,0.5,3000.5,17.25,0.5
      2,859,0.01,0.5,20,18,0.25,3e3,34,1
      3,1289,0.001,0.25,10,12,0.125,2e3,50,1

      """
    ),
    (
      AverageErrorsFile.name,
      """
      \(AverageErrorsFile.header)
      1,429,20.5,0.5
      2,859,18,0.25

      """
    ),
    (
      TimeFile.name,
      """
      iteration,\(TimeRow.parts.joined(separator: ","))
      429,10,2,1,0.5,1,0.25
      859,20,4,2,1,2,0.5

      """
    ),
    (
      PlacesFile.name,
      """
      started,iteration,ranks,threads,hosts,processor,software
      2026-11-24T10:00:00Z,0,8,1,"node1 × 4, node2 × 4",A processor,"prelu-dist 0.1.0, Open MPI 4.1.4"

      """
    ),
    (
      StatisticsFile.name,
      """
      \(StatisticsFile.header)
      100,conv1,1.5,0.001,0.01,0.125
      100,fc1,0.5,0.0001,0.001,0.25
      200,conv1,1.25,1e-8,0,1
      200,fc1,0.25,1e-9,1e-5,0.5

      """
    ),
    (
      ClassErrorsFile.name,
      """
      \(ClassErrorsFile.header)
      0,cat,50,3,0
      1,"dog, large",50,7,1
      2,fish,25,0,0

      """
    ),
    (
      ResultsFile.name,
      """
      \(ResultsFile.header)
      2026-11-24T10:00:00Z,run/checkpoint-9.h5,data,test,10-view,,true,probabilities,50,9,2,18.0000,4.0000,1.50,2
      2026-11-24T11:00:00Z,run/checkpoint-9.h5 b.h5,data,validation,dense,28 32,false,logits,50,7,1,14.0,2.0,9.25,1

      """
    ),
    (
      PredictionsFile.name,
      """
      \(PredictionsFile.header)
      0,2,2,0.75,1,0.125,0,0.0625,,,,,test,
      1,1,0,0.5,1,0.25,2,0.125,,,,,test,

      """
    ),
  ]

  static let corpus = tables.map { Array($0.text.utf8) }

  /// Reports on a run folder beside the file at `path`, which takes the place of the table that it begins like.
  static func report(_ path: String) throws {
    let folder = "\(path).run"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let text = try Data(contentsOf: URL(filePath: path))
    func likeness(_ table: (name: String, text: String)) -> Int {
      zip(text, table.text.utf8).prefix { $0 == $1 }.count
    }
    let mutated = tables.max { likeness($0) < likeness($1) }!
    for table in tables {
      let contents = table.name == mutated.name ? text : Data(table.text.utf8)
      try contents.write(to: URL(filePath: "\(folder)/\(table.name)"))
    }
    let report = try Report(paths: [folder])
    try report.write(to: "\(folder)/report.html")
    try report.writePlots(toFolder: "\(folder)/plots")
  }
}
