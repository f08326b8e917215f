import Foundation
import TestSupport

/// The long options that the program's commands and the scripts say they have.
struct KnownOptions {
  /// The options of `train`, `bench step`, `scripts/setup` and so on, as `--help` lists them.
  private(set) var ofProgram: [String: Set<String>] = [:]

  static let shared = Result { try KnownOptions() }

  private init() throws {
    let help = try ChildProcess.capture(Program.path, ["--help"]).output
    for command in Self.commands(in: help) {
      let help = try ChildProcess.capture(Program.path, [command, "--help"]).output
      ofProgram[command] = Self.options(in: help)
      for inner in Self.commands(in: help) {
        ofProgram["\(command) \(inner)"] = Self.options(
          in: try ChildProcess.capture(Program.path, [command, inner, "--help"]).output)
      }
    }
    let root = MarkdownDocument.repository
    for name in try FileManager.default.contentsOfDirectory(atPath: "\(root)/scripts") {
      ofProgram["scripts/\(name)"] = Self.options(
        in: try ChildProcess.capture("\(root)/scripts/\(name)", ["--help"]).output)
    }
    ofProgram["prelu-job"] = Self.options(in: try ChildProcess.capture("\(root)/cluster/prelu-job", ["--help"]).output)
    // These hand on what they do not take themselves.
    for (name, commands) in [("scripts/quickstart", ["train"]), ("prelu-job", ["train", "evaluate"])] {
      for options in commands.compactMap({ ofProgram[$0] }) { ofProgram[name]?.formUnion(options) }
    }
  }

  private static func commands(in help: String) -> [String] {
    guard let list = help.split(separator: "SUBCOMMANDS:\n").dropFirst().first else { return [] }
    return list.split(separator: "\n").compactMap { $0.prefixMatch(of: /\s\s([a-z]+)\s/).map { String($0.1) } }
  }

  private static func options(in help: String) -> Set<String> {
    Set(help.matches(of: /--[a-z][a-z0-9-]*/).map { String($0.0) })
  }

  static func longOptions(_ words: some Sequence<Substring>) -> [String] {
    words.compactMap { $0.prefixMatch(of: /--[a-z][a-z0-9-]*/).map { String($0.0) } }
  }

  /// The programs that a line of shell calls, with their long options. `evaluate RUN --classes FILE`, as a text says
  /// it, is a call of `prelu-dist evaluate`.
  func invocations(in line: String) -> [(program: String, options: [String])] {
    let code = line.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)[0]
    return code.split(whereSeparator: { "|;&<>()\"".contains($0) }).flatMap { part in
      let words = part.split(whereSeparator: \.isWhitespace)
      if let first = words.first, ofProgram[String(first)] != nil, first != "prelu-job", words.count > 1 {
        return [invocation(of: words[...])]
      }
      return words.indices.compactMap { index -> (program: String, options: [String])? in
        // `docker build --tag prelu-dist` calls something else.
        guard index == 0 || !words[index - 1].hasPrefix("--") else { return nil }
        let rest = words[(index + 1)...]
        let name = words[index].split(separator: "/").last ?? ""
        switch name {
        case "prelu-dist": return invocation(of: rest)
        case "prelu-job": return ("prelu-job", Self.longOptions(rest))
        case "train.sbatch", "train-array.sbatch", "train.sge", "train-hosts": return ("train", Self.longOptions(rest))
        case "sweep-array.sbatch": return ("sweep", Self.longOptions(rest))
        case "evaluate.sbatch": return ("evaluate", Self.longOptions(rest))
        default: return words[index].hasPrefix("scripts/") ? (String(words[index]), Self.longOptions(rest)) : nil
        }
      }
    }
  }

  /// - Parameter words: what stands behind `prelu-dist`.
  private func invocation(of words: ArraySlice<Substring>) -> (program: String, options: [String]) {
    let names = words.prefix { !$0.hasPrefix("-") }.map(String.init)
    let pair = names.prefix(2).joined(separator: " ")
    // `train` is the default command.
    let program = ofProgram[pair] != nil ? pair : names.first.flatMap { ofProgram[$0] != nil ? $0 : nil } ?? "train"
    return (program, Self.longOptions(words))
  }
}
