import ArgumentParser
import Communication
import Datasets
import Packs
import System

extension PackSettings.OnError: ExpressibleByArgument {}

/// Makes a pack of pictures.
struct PackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack",
    abstract: "Pack photographs (class folders, archives, ImageNet, a list file) into one HDF5 file to train on.",
    discussion: """
      The source is a folder with a folder of pictures for each class; or a folder with train and val, and perhaps \
      test, each with class folders; or ImageNet's own folder, whose val has no class folders and needs \
      --devkit; or an archive of any of these (.tar, .tar.gz, .tar.zst, .zip), which is not unpacked; or a list file \
      with a path and a label on each line. Several sources are told apart by their names, such as ImageNet's three \
      archives, or are WebDataset's shards. After a kill or a stop the same command continues where it was. The pack \
      has the same bytes on any number of ranks.
      """)

  @Argument(
    help: ArgumentHelp(
      "The folder of pictures, the archives or the list file to pack.", valueName: "folder|archive|list"))
  var sources: [String]

  @Option(name: [.short, .long], help: ArgumentHelp("The pack to write, such as photos.h5.", valueName: "file"))
  var output: String

  @OptionGroup(title: "Source") var input: PackInputOptions
  @OptionGroup(title: "Pictures") var pictures: PackPictureOptions

  @Option(help: ArgumentHelp("The number of files that the pack is divided among.", valueName: "files"))
  var shards = 1

  @Option(
    help: ArgumentHelp(
      "Also write this many training pictures, augmented as for training, to OUTPUT.preview.png.",
      valueName: "pictures"))
  var preview: Int?

  @OptionGroup var threads: ThreadOptions

  @Flag(help: "Print only warnings and errors.")
  var quiet = false

  func validate() throws {
    try checkRange("--shards", shards, .within(1...10_000))
    try checkRange("--preview", preview, .within(1...10_000))
    guard !sources.isEmpty else { throw ValidationError("Name what to pack: a folder, archives or a list file.") }
    guard !output.isEmpty, !output.hasSuffix("/") else { throw ValidationError("--output needs a file's name.") }
  }

  func run() throws {
    let command = self
    // This precedes MPI's start: a process without mpirun looks like one of its ranks afterwards.
    let terminal = Terminal.find()
    onAllRanks { world in
      try world.agree { if world.rank == 0 { try command.checkPreview() } }
      let settings = try command.settings(threads: try command.threads.count(world))
      let reporter = PackingReporter(terminal: terminal, quiet: command.quiet)
      let packing = Packing(settings, world: world, stop: { StopSignals.isRequested }, report: { reporter.show($0) })
      guard let summary = try packing.run() else {
        if world.rank == 0 {
          Console.complain(
            "a signal stopped the packing; the same command continues from what is in \(settings.workFolder)")
        }
        return .tryAgain
      }
      try world.agree {
        guard world.rank == 0 else { return }
        reporter.show(summary)
        try command.writePreview(of: summary.paths[0])
      }
      return .done
    }
  }

  private var previewPath: String { "\(output).preview.png" }

  /// Refuses a preview that would replace somebody's file. A preview cannot be told from any other PNG picture.
  private func checkPreview() throws(FileError) {
    guard preview != nil else { return }
    try OutputFile(previewPath, kind: "a preview") { path in
      (try? FileSystem.beginning(of: path, limit: 64)).map { FileKind($0) == .png } ?? false
    }.check(inputs: [], overwrites: false)
  }

  private func writePreview(of pack: String) throws {
    guard let preview else { return }
    let path = previewPath
    try Preview.write(pack: pack, count: preview, to: path)
    if !quiet { Console.say("preview    \(path)") }
  }

  private func settings(threads: Int) throws -> PackSettings {
    var source = PackInput(
      source: sources[0], validation: input.validation, test: input.test, root: input.root,
      developmentKit: input.devkit, classNames: input.classNames)
    source.others = Array(sources.dropFirst())
    (source.exclude, source.split, source.withoutTest) = (input.exclude, try input.splits(), input.noTest)
    return PackSettings(
      input: source, output: output, shards: shards, onError: pictures.onError, aside: try input.aside(),
      shorterSide: pictures.keep ? nil : pictures.shorterSide, quality: pictures.quality,
      appliesOrientation: pictures.exif, meanSide: pictures.meanSide, meanCrop: pictures.meanCrop, threads: threads)
  }
}
