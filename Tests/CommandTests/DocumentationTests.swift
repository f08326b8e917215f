import Foundation
import TestSupport
import Testing

/// The promises of README and the guides: their commands run, their links lead somewhere, their options exist.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct DocumentationTests {
  private static let catalog = "Sources/prelu-dist/Guides.docc"

  private static let guides = names(in: catalog).filter { $0.hasSuffix(".md") }.map { "\(catalog)/\($0)" }

  static let documents =
    [
      "README.md", "Tests/README.md", "cluster/README.md", "cluster/shared-file-systems.md", ".github/CONTRIBUTING.md",
    ] + guides

  private static func names(in folder: String) -> [String] {
    let path = "\(MarkdownDocument.repository)/\(folder)"
    return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  // MARK: - Commands

  @Test(.enabled(if: hasFashionMNIST, "dataset-fashion-mnist is not installed"), arguments: documents)
  func commandsRun(path: String) throws {
    let document = try MarkdownDocument(path)
    #expect(document.strayComments.isEmpty, "\(document.strayComments)")
    #expect(Set(document.blocks.map(\.language)).isSubset(of: ["sh", "text", "yaml", "python"]))
    guard document.blocks.contains(where: { $0.use == .run }) else { return }
    let folder = try DocumentationFolder()
    for name in document.given { try folder.provide(name) }
    let outcome = try folder.run(document.script)
    #expect(outcome.exitCode == 0, "\(path): \(outcome.errors)\n\(outcome.output.suffix(2000))")
  }

  /// A failure, a missing failure and another failure than the one that a document states are all noticed, by line.
  @Test func aCommandThatFailsIsNoticed() throws {
    let folder = try DocumentationFolder()
    func outcome(_ command: String) throws -> Program.Outcome {
      let text = "# A document\n\n```sh\n\(command)\n```\n"
      try Data(text.utf8).write(to: URL(filePath: "\(folder.path)/document.md"))
      return try folder.run(try MarkdownDocument("document.md", in: folder.path).script)
    }
    for command in [
      "true", "true    # a comment", "(exit 65)    # exit code 65", "prelu-dist bench       # exit code 0",
    ] {
      let outcome = try outcome(command)
      #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(command): \(outcome.errors)")
    }
    for command in ["false", "false | true", "(exit 66)   # bad data: exit code 65", "true    # exit code 65"] {
      let outcome = try outcome(command)
      #expect(outcome.exitCode == 1 && outcome.errors.hasPrefix("line 4: "), "\(command): \(outcome.errors)")
    }
  }

  // MARK: - Guides

  /// A text of the program that sends a person to a guide names its title and its file.
  @Test func guidesThatTheProgramNamesAreThere() throws {
    let root = "\(MarkdownDocument.repository)/Sources"
    let titles = try Self.guides.reduce(into: [String: Substring]()) { titles, path in
      let text = try String(contentsOfFile: "\(MarkdownDocument.repository)/\(path)", encoding: .utf8)
      titles[String(path.split(separator: "/").last ?? "")] = text.prefix { $0 != "\n" }.dropFirst(2)
    }
    var count = 0
    for path in try FileManager.default.subpathsOfDirectory(atPath: root) where path.hasSuffix(".swift") {
      let text = try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8).replacing(/\\\n\s*/, with: "")
      for found in text.matches(of: /the guide ([^()]+) \(([A-Za-z]+\.md)\)/) {
        count += 1
        #expect(titles[String(found.2)] == found.1, "\(path): \(found.0)")
      }
      #expect(!text.contains("in the guides"), "\(path) sends to guides without a file's name")
    }
    #expect(count >= 2)
  }

  // MARK: - Options

  /// `prelu-dist COMMAND --option` names options that the command's `--help` has; likewise the scripts'.
  @Test(arguments: documents) func optionsExist(path: String) throws {
    let document = try MarkdownDocument(path)
    let known = try KnownOptions.shared.get()
    for command in document.commands {
      for (program, options) in known.invocations(in: command) {
        let own = try #require(known.ofProgram[program], "\(path): there is no \(program), in: \(command)")
        for option in options where !own.contains(option) {
          Issue.record("\(path): \(program) has no option \(option), in: \(command)")
        }
      }
    }
    let all = known.ofProgram.values.reduce(into: Set<String>()) { $0.formUnion($1) }
    for span in document.codeSpans where span.hasPrefix("--") {
      for option in KnownOptions.longOptions(span.split(separator: " ")) where !all.contains(option) {
        Issue.record("\(path): no command or script has the option \(option), in: \(span)")
      }
    }
  }

  // MARK: - Links

  @Test(arguments: documents) func linksLeadSomewhere(path: String) throws {
    let document = try MarkdownDocument(path)
    let folder = path.split(separator: "/").dropLast().joined(separator: "/")
    for (line, target) in document.links where !target.hasPrefix("https://") {
      let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let file = parts[0].isEmpty ? "/" + path : URL(filePath: "/\(folder)/\(parts[0])").standardized.path
      guard FileManager.default.fileExists(atPath: MarkdownDocument.repository + file) else {
        Issue.record("\(path), line \(line): \(target) is not there")
        continue
      }
      guard parts.count == 2 else { continue }
      #expect(try MarkdownDocument(file).anchors.contains(parts[1]), "\(path), line \(line): \(target)")
    }
  }

  @Test func everyGuideIsListed() throws {
    for list in ["README.md", "\(Self.catalog)/Guides.md"] {
      let folder = list == "README.md" ? "" : "\(Self.catalog)/"
      let linked = Set(try MarkdownDocument(list).links.map { folder + $0.target })
      for guide in Self.guides where guide != "\(Self.catalog)/Guides.md" {
        #expect(linked.contains(guide), "\(list) does not link to \(guide)")
      }
    }
  }

  @Test(.enabled(if: hasDocC, "there is no docc")) func theCatalogIsDocCs() throws {
    let folder = try ScratchFolder()
    let outcome = try ChildProcess.capture(
      "/usr/bin/env",
      [
        "docc", "convert", "\(MarkdownDocument.repository)/\(Self.catalog)", "--output-path", folder.file("archive"),
        "--warnings-as-errors",
      ])
    #expect(outcome.exitCode == 0, "\(outcome.errors) \(outcome.output)")
  }

  /// The tests that `Tests/README.md` calls proofs are there: `SomeTests`, a folder, a file or a suite, and
  /// `SomeTests.someTest`.
  @Test func provingTestsExist() throws {
    let folder = "\(MarkdownDocument.repository)/Tests"
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".swift") }
    let text = try files.map { try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8) }.joined()
    for span in try MarkdownDocument("Tests/README.md").codeSpans {
      guard let match = span.wholeMatch(of: /([A-Z]\w*Tests)(?:\.(\w+))?/) else { continue }
      let isThere =
        files.contains { $0.hasPrefix("\(match.1)/") || $0.hasSuffix("/\(match.1).swift") }
        || text.contains("struct \(match.1) ")
      let hasTest = match.2.map { text.contains("func \($0)(") } ?? true
      #expect(isThere && hasTest, "\(span)")
    }
  }

  // MARK: - Form

  @Test func theReadmeIsShort() throws {
    #expect(try MarkdownDocument("README.md").lines.count <= 200)
  }

  @Test(arguments: documents) func linesFitTheWindow(path: String) throws {
    let document = try MarkdownDocument(path)
    #expect(document.longLines.isEmpty, "\(path): \(document.longLines)")
  }

  /// Every target has its line in the README's table, except the C libraries, which share one.
  @Test func theReadmeListsEveryTarget() throws {
    let listed = try MarkdownDocument("README.md").lines.compactMap { line in
      line.prefixMatch(of: /\| `Sources\/([^`*]+)` \|/).map { String($0.1) }
    }
    let targets = Self.names(in: "Sources").filter { name in
      !FileManager.default.fileExists(atPath: "\(MarkdownDocument.repository)/Sources/\(name)/module.modulemap")
    }
    #expect(listed.sorted() == targets)
  }
}

private let hasDocC = (try? ChildProcess.capture("/usr/bin/env", ["docc", "--help"]).exitCode) == 0
