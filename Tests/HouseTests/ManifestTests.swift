import Testing

/// Package.swift shows what rests on what: each target declares the modules that its files import, and no others.
///
/// `swift build --explicit-target-dependency-import-check error` is not enough: it is silent about a target that is
/// reached through another one, about products, and about what nobody imports.
@Suite struct ManifestTests {
  /// Modules that come with the compiler, which no manifest declares.
  private let toolchain: Set<String> = [
    "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Synchronization", "Testing",
  ]

  @Test func whatIsImportedIsDeclaredAndViceVersa() throws {
    for target in try Repository.manifest().targets where target.type != "system" {
      // A module bears its target's name with _ for -.
      let declared = Set(target.dependencies.map { $0.name.replacing("-", with: "_") })
      var imported: Set<String> = []
      let files = try Repository.files(in: target.folder, endingIn: ".swift")
      #expect(!files.isEmpty, "Package.swift: target \(target.name) has no Swift file in \(target.folder)")
      for file in files {
        for found in imports(in: try Repository.text(file)) where !toolchain.contains(found.module) {
          imported.insert(found.module)
          #expect(
            declared.contains(found.module),
            """
            \(file):\(found.line): import \(found.module), which target \(target.name) does not declare. Add \
            "\(found.module)" to its dependencies in Package.swift, or do without the import.
            """)
        }
      }
      for name in declared.subtracting(imported).sorted() {
        Issue.record(
          """
          Package.swift: target \(target.name) declares \(name), which no file in \(target.folder) imports. Remove \
          "\(name)" from its dependencies.
          """)
      }
    }
  }

  /// A bundle that is moved or new must not be left out where ranks are started.
  @Test func bundlesOfRanksAreRunOnRanks() throws {
    let line = try #require(try Repository.lines(of: "scripts/test").first { $0.hasPrefix("rank_tests='") })
    let run = line.split(separator: "'")[1].split(separator: "|").map(String.init)
    let bundles = try Repository.manifest().targets
      .filter { $0.type == "test" && $0.dependencies.contains { $0.name == "RankTestSupport" } }.map(\.name)
    #expect(
      run.sorted() == bundles.sorted(),
      "scripts/test: rank_tests names other bundles than those that declare RankTestSupport: change it")
  }

  @Test func importsOfAllKindsAreFound() {
    let delimiter = String(repeating: "\"", count: 3)
    let text = """
      import Foundation
      @_exported import CMPI
      #if canImport(Glibc)
        import Glibc
      #endif
      // import Comment
      package import struct Images.DataError
      let program = \(delimiter)
        import json
        \(delimiter)
      let important = "import this"
      @preconcurrency public import Yams
      """
    #expect(
      imports(in: text) == [
        Import(line: 1, module: "Foundation"), Import(line: 2, module: "CMPI"), Import(line: 4, module: "Glibc"),
        Import(line: 7, module: "Images"), Import(line: 12, module: "Yams"),
      ])
  }
}
