import System

/// The figures of tables of results: the error of each evaluation, as the paper's tables 3 to 7 set them side by side.
enum ResultFigures {
  /// The largest number of evaluations that have bars, the newest ones of a longer table.
  private static let barLimit = 40

  /// A table of results with its name.
  typealias Results = (name: String, rows: [ResultsRow])

  static func all(_ tables: [Results]) -> [Figure] {
    let filled = tables.filter { !$0.rows.isEmpty }
    return filled.enumerated().map { figure($1, index: $0, count: filled.count) }
  }

  private static func figure(_ results: Results, index: Int, count: Int) -> Figure {
    let shown = results.rows.suffix(barLimit)
    let names = networkNames(results.rows)
    let table = FigureTable(
      [
        "time", "checkpoints", "data", "split", "protocol", "scales", "mirror", "average", "images", "top1_error",
        "top5_error", "seconds", "ranks",
      ],
      rows: results.rows.map { row in
        [
          .text(row.time), .text(row.checkpoints.joined(separator: " ")), .text(row.data), .text(row.split),
          .text(row.views), .text(row.scales.map(String.init).joined(separator: " ")), .text("\(row.mirror)"),
          .text(row.averaging), .init(row.images), .number(row.top1Error), .number(row.top5Error),
          .number(row.seconds), .init(row.ranks),
        ]
      })
    // Errors of different numbers of images are not of the same weight.
    let showsImages = Set(shown.map(\.images)).count > 1
    let bars = shown.map { row in
      let name =
        "\(networks(of: row, names)): \(procedure(of: row))"
        + (showsImages ? ", \(row.images.counted("image", grouped: true))" : "")
      let top1 = Number.fixed(row.top1Error, digits: 2)
      let top5 = Number.fixed(row.top5Error, digits: 2)
      return BarPlot.Bar(
        name: name,
        parts: [
          (row.top5Error, "s0", "\(name): top-5 \(top5) %"),
          (row.top1Error - row.top5Error, "s1", "\(name): top-1 \(top1) %"),
        ], label: "\(top1) / \(top5) %")
    }
    return Figure(
      name: "results\(count == 1 ? "" : "-\(index + 1)")",
      title: "Results of evaluations" + (count == 1 ? "" : ": \(results.name)"),
      caption: "Top-1 and top-5 error of each evaluation, in the table's order"
        + (shown.count < results.rows.count
          ? "; the newest \(shown.count) of \(results.rows.count.grouped)." : "."),
      table: table,
      drawing: BarPlot(
        bars: bars, xLabel: "error (%)",
        legend: [
          Frame.Entry(name: "top-5", style: "s0", isArea: true), Frame.Entry(name: "top-1", style: "s1", isArea: true),
        ]
      ).drawing)
  }

  /// Returns the shortest names that tell the checkpoints of a table apart, by their paths.
  private static func networkNames(_ rows: [ResultsRow]) -> [String: String] {
    var paths: [String] = []
    var seen: Set<String> = []
    for path in rows.flatMap(\.checkpoints) where seen.insert(path).inserted { paths.append(path) }
    guard !paths.isEmpty else { return [:] }
    let names = Report.names(paths).map { $0.hasSuffix(".h5") ? String($0.dropLast(3)) : $0 }
    return Dictionary(uniqueKeysWithValues: zip(paths, names))
  }

  private static func networks(of row: ResultsRow, _ names: [String: String]) -> String {
    let own = row.checkpoints.map { names[$0] ?? $0 }
    guard let first = own.first else { return "–" }
    return own.count <= 2 ? own.joined(separator: " and ") : "\(first) and \((own.count - 1).counted("other"))"
  }

  /// Returns the words for how the images were seen, with only what is unusual about it.
  private static func procedure(of row: ResultsRow) -> String {
    var parts = [row.views]
    if !row.scales.isEmpty { parts.append("at " + row.scales.map(String.init).joined(separator: ", ")) }
    if row.mirror, row.views == "center" { parts.append("mirrored") }
    if !row.mirror, row.views == "dense" { parts.append("not mirrored") }
    if row.split != "test" { parts.append(row.split) }
    return parts.joined(separator: " ")
  }
}
