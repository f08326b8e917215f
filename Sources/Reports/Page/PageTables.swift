import System

/// The tables of a page beside its figures: results, settings, and the places where the runs ran.
enum PageTables {
  static func summary(_ runs: [RunContents]) -> String {
    guard !runs.isEmpty else { return "" }
    let columns: [(String, (RunContents) -> String)] = [
      (
        "best validation error",
        { run in
          let best = run.metrics.filter { $0.validationTop1Error != nil }
            .min { ($0.validationTop1Error ?? 100) < ($1.validationTop1Error ?? 100) }
          func percentage(_ value: Double?) -> String { Number.fixed(value ?? 0, digits: 2) }
          return best.map {
            "\(percentage($0.validationTop1Error)) / \(percentage($0.validationTop5Error)) % after epoch \($0.epoch)"
          } ?? "–"
        }
      ),
      (
        "test error",
        { run in
          guard let test = run.results.last(where: { $0.split == "test" }) else { return "–" }
          return "\(Number.fixed(test.top1Error, digits: 2)) / \(Number.fixed(test.top5Error, digits: 2)) % "
            + "(\(test.views), \(test.images.counted("image", grouped: true)))"
        }
      ),
      ("last training error", { $0.metrics.last.map { "\(Number.fixed($0.trainTop1Error, digits: 2)) %" } ?? "–" }),
      ("last loss", { $0.metrics.last.map { Number.fixed($0.trainLoss, digits: 4) } ?? "–" }),
      (
        "epochs",
        { run in
          (run.metrics.last.map { "\($0.epoch)" } ?? "0") + (run.setting("training.epochs").map { " of \($0)" } ?? "")
        }
      ),
      (
        "iterations",
        { run in
          [run.metrics.last?.iteration, run.progress.last?.iteration, run.checkpoint?.iteration].compactMap { $0 }
            .reduce(0, max).grouped
        }
      ),
      ("images/s", { $0.metrics.last.map { Number.fixed($0.imagesPerSecond, digits: 0) } ?? "–" }),
      (
        "time in training",
        { run in
          (run.metrics.last?.seconds ?? run.checkpoint?.secondsTrained).map(timeText) ?? "–"
        }
      ),
      (
        "model",
        { run in
          [run.setting("model.architecture"), run.setting("model.activation")].compactMap { $0 }.joined(separator: ", ")
        }
      ),
      (
        "parameters",
        { run in
          run.network.map { $0.parameterCount.grouped } ?? "–"
        }
      ),
      ("initializer", { $0.setting("model.initializer") ?? $0.setting("model.initializer.rule") ?? "–" }),
      ("seed", { $0.setting("training.seed") ?? "–" }),
    ]
    // A few runs have a column each; with more of them the table would be too wide, so they have a row each.
    guard runs.count > 4 else {
      return table(
        runs.count == 1 ? nil : ["run"] + runs.map(\.name),
        columns.map { column in [column.0] + runs.map { column.1($0) } })
    }
    return table(["run"] + columns.map(\.0), runs.map { run in [run.name] + columns.map { $0.1(run) } })
  }

  static func configuration(_ runs: [RunContents]) -> String {
    var text = ""
    let known = runs.filter { !$0.configuration.settings.isEmpty }
    if known.count > 1 {
      var keys: [String] = []
      for run in known { for (key, _) in run.configuration.settings where !keys.contains(key) { keys.append(key) } }
      let different = keys.filter { key in Set(known.map { $0.setting(key) ?? "–" }).count > 1 }
      text +=
        different.isEmpty
        ? "<p>The runs have the same settings.</p>"
        : "<h3>What differs</h3>"
          + table(
            ["setting"] + known.map(\.name), different.map { key in [key] + known.map { $0.setting(key) ?? "–" } })
    }
    for run in runs {
      guard let configuration = run.configuration.text else { continue }
      let name = runs.count == 1 ? "config.yaml" : "\(run.name): config.yaml"
      text +=
        "<details\(runs.count == 1 ? " open" : "")><summary>\(escaped(name))</summary><pre>\(escaped(configuration))"
        + "</pre></details>\n"
    }
    return text
  }

  static func places(_ runs: [RunContents]) -> String {
    var rows: [[String]] = []
    for run in runs {
      rows += run.places.map {
        [
          run.name, $0.started, "\($0.iteration)", "\($0.ranks) × \($0.threads)", $0.hosts, $0.processor, $0.software,
        ]
      }
    }
    var text =
      rows.isEmpty
      ? ""
      : table(
        ["run", "started", "from iteration", "ranks × threads", "hosts (ranks)", "processor", "software"], rows)
    for run in runs {
      guard let checkpoint = run.checkpoint else { continue }
      let command = checkpoint.commandLine
      text +=
        "<p class=\"caption\">\(runs.count == 1 ? "" : escaped(run.name) + ": ")newest checkpoint of iteration "
        + "\(checkpoint.iteration.grouped), written \(escaped(checkpoint.written)) by "
        + "\(escaped(checkpoint.program)), mini-batch \(checkpoint.batch), "
        + "\(checkpoint.ranks.counted("rank")):</p>"
        + "<pre>\(escaped(command))</pre>"
    }
    return text
  }

  private static func table(_ header: [String]?, _ rows: [[String]]) -> String {
    // A table of only names and values fits any width.
    var text = "<div class=\"scroll\"><table\(header == nil ? " class=\"pairs\"" : "")>"
    if let header { text += "<thead><tr>" + header.map { "<th>\(escaped($0))</th>" }.joined() + "</tr></thead>" }
    text += "<tbody>\n"
    for row in rows {
      text += "<tr>"
      for (place, cell) in row.enumerated() {
        text += place == 0 ? "<th>\(escaped(cell))</th>" : "<td>\(escaped(cell))</td>"
      }
      text += "</tr>\n"
    }
    return text + "</tbody></table></div>\n"
  }
}
