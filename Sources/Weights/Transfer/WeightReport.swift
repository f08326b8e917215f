import System

/// The account of the weights that a run began with: what the banner shows, and the run keeps.
public struct WeightReport: Equatable, Sendable {
  public let source: String
  public let kind: String
  public let digest: String
  public let rows: [WeightTransfer.Row]
  public let unused: [String]
  /// The remarks on the run's settings, a sentence each; they are told elsewhere as well.
  public let notes: [String]
  /// The doubts whether the network's inputs are those that the weights were trained for, a sentence each.
  public let warnings: [String]

  public init(_ source: WeightSource, _ transfer: WeightTransfer, notes: [String] = [], warnings: [String] = []) {
    (self.source, kind, digest) = (source.path, source.kind, source.digest)
    (rows, unused) = (transfer.rows, transfer.unused)
    (self.notes, self.warnings) = (notes, warnings)
  }

  /// A few lines: layers that follow one another and share their fate are named together.
  public var summary: [String] {
    var lines = ["\(source): \(kind), digest \(digest.prefix(16))"]
    var groups: [(fate: WeightTransfer.Row.Fate, why: String, layers: [String])] = []
    for row in rows {
      if let index = groups.firstIndex(where: { $0.fate == row.fate && $0.why == row.why }) {
        groups[index].layers.append(row.layer)
      } else {
        groups.append((row.fate, row.why, [row.layer]))
      }
    }
    for group in groups {
      let reason = group.why.isEmpty ? "" : " (\(group.why))"
      let word =
        switch group.fate {
        case .taken: "taken  "
        case .anew: "anew   "
        case .filled: "filled "
        case .dropped: "dropped"
        }
      lines.append("\(word) \(Self.names(group.layers))\(reason)")
    }
    if !unused.isEmpty { lines.append("unused  \(Self.names(unused))") }
    return lines
  }

  private static func names(_ layers: [String]) -> String {
    let names = (layers.count < 4 ? layers : layers.prefix(2) + layers.suffix(1)).map { $0.shown() }
    return layers.count < 4
      ? names.joined(separator: ", ") : "\(names[0]), \(names[1]), … \(names[2]): \(layers.count)"
  }

  /// The whole account, a line for each layer.
  public var text: String {
    let lines = rows.map { row in
      ["\(row.fate.rawValue)", row.layer, row.from.map { "from \($0.shown(limit: .max))" } ?? "", row.why].filter {
        !$0.isEmpty
      }
      .joined(separator: "\t")
    }
    return
      (["source\t\(source)", "kind\t\(kind)", "digest\t\(digest)"] + lines
      + unused.map { "unused\t\($0.shown(limit: .max))" } + (notes + warnings).map { "warning\t\($0)" })
      .joined(separator: "\n") + "\n"
  }
}
