import Foundation
import TestSupport

/// A folder in which the commands of a document are run as a reader would run them: `prelu-dist` is on the PATH,
/// `scripts` and `cluster` are in the current folder, and so is what the document says is given.
struct DocumentationFolder {
  private let folder: ScratchFolder
  var path: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
    let files = FileManager.default
    for name in ["scripts", "cluster"] {
      try files.createSymbolicLink(
        atPath: folder.file(name), withDestinationPath: "\(MarkdownDocument.repository)/\(name)")
    }
    try files.createDirectory(atPath: folder.file(".bin"), withIntermediateDirectories: false)
    try files.createSymbolicLink(atPath: folder.file(".bin/prelu-dist"), withDestinationPath: Program.path)
  }

  /// Runs a program of bash's; it ends at the first command that fails.
  func run(_ script: String) throws -> Program.Outcome {
    let (output, errors) = (folder.file(".output"), folder.file(".errors"))
    try folder.write(Array(script.utf8), to: ".script")
    var environment = ProcessInfo.processInfo.environment.filter {
      !$0.key.hasPrefix("OMPI_") && !$0.key.hasPrefix("PMIX_") && !$0.key.hasPrefix("ORTE_")
    }
    environment["PATH"] = "\(folder.file(".bin")):\(environment["PATH"] ?? "/usr/bin:/bin")"
    environment["NO_COLOR"] = "1"
    // What readers have that a test has not: as many cores as ranks, and a user who is not root.
    for (name, value) in [
      ("OMPI_ALLOW_RUN_AS_ROOT", "1"), ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
      ("OMPI_MCA_rmaps_base_oversubscribe", "1"), ("OMPI_MCA_hwloc_base_binding_policy", "none"),
      ("OMPI_MCA_mpi_yield_when_idle", "1"), ("OMPI_MCA_btl_vader_single_copy_mechanism", "none"),
    ] {
      environment[name] = value
    }
    let process = try ChildProcess(
      "/usr/bin/timeout", ["--kill-after=5", "600", "/bin/bash", "-eEuo", "pipefail", ".script"],
      environment: environment, in: folder.path, output: output, errors: errors)
    return Program.Outcome(
      exitCode: process.terminationStatus, output: try String(contentsOfFile: output, encoding: .utf8),
      errors: try String(contentsOfFile: errors, encoding: .utf8))
  }

  // MARK: - What documents take for granted

  /// Puts in place what a `given` comment names.
  func provide(_ name: String) throws {
    switch name {
    case "photos": try providePhotos()
    case "photos.zip": try provideArchive(name)
    case "picture.png": try copy("rgb.png", to: name)
    case "folder": for picture in ["rgb.png", "rgba.png", "palette.png"] { try copy(picture, to: "folder/\(picture)") }
    case "runs/first": try provideRun(name, seed: 1)
    case "runs/second": try provideRun(name, seed: 2)
    default: throw UnknownName(name: name)
    }
  }

  struct UnknownName: Error { let name: String }

  private func copy(_ picture: String, to name: String) throws {
    try folder.copy("\(goldenPhotos)/\(picture)", to: name)
  }

  /// Two classes of sixty pictures: each one's golden picture and its name.
  private var photos: [(kind: String, name: String)] {
    let kinds = ["rgb-420.jpg", "rgb-422.jpg", "grey.jpg", "rgb.png", "palette.png"]
    return ["cat", "dog"].flatMap { label in
      (0..<60).map { number in
        let kind = kinds[number % kinds.count]
        return (kind, "photos/\(label)/\(number).\(kind.suffix(3))")
      }
    }
  }

  private func providePhotos() throws { for (kind, name) in photos { try copy(kind, to: name) } }

  private func provideArchive(_ name: String) throws {
    var archive = TestArchive()
    for (kind, name) in photos {
      archive.add(name, Array(try Data(contentsOf: URL(filePath: "\(goldenPhotos)/\(kind)"))))
    }
    try folder.write(archive.bytes(.zip), to: name)
  }

  /// A run of three short epochs, on a few of Fashion-MNIST's images, which are there too.
  private func provideRun(_ run: String, seed: Int) throws {
    if !FileManager.default.fileExists(atPath: folder.file("images")) {
      try writeFashionMNIST(training: 1500, test: 300, to: "images", in: folder)
    }
    let recipe = """
      recipe: fashion
      model: { width: 8 }
      data: { directory: images, validation: 200 }
      training: { epochs: 3, seed: \(seed) }
      solver: { learningRate: 0.05 }
      schedule: { kind: steps, epochs: [2] }
      """
    let outcome = try self.run(
      """
      cat >recipe.yaml <<'END'
      \(recipe)
      END
      prelu-dist train --recipe recipe.yaml --run \(run) --log-statistics 5 --quiet
      rm recipe.yaml
      """)
    guard outcome.exitCode == 0 else { throw FailedRun(words: outcome.errors) }
  }

  struct FailedRun: Error { let words: String }
}
