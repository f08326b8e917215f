import ArgumentParser
import Communication
import Foundation
import Images
import Packs
import System
import Training

extension PackSettings.OnError: ExpressibleByArgument {}

/// Makes a pack of pictures.
struct PackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack",
    abstract: "Pack photographs (class folders, ImageNet, a list file) into one HDF5 file to train on.",
    discussion: """
      The source is a folder with a folder of JPEG and PNG pictures for each class; a folder with train and val, and \
      perhaps test, in it, each with class folders; ImageNet's own, whose val is one folder and needs --devkit; or a list \
      file with a path and a label in each line. Killed or stopped, the same command goes on where it was. The pack has \
      the same bytes on any number of ranks.
      """)

  @Argument(help: ArgumentHelp("A folder, or a list file.", valueName: "folder|list"))
  var source: String

  @Option(name: [.short, .long], help: ArgumentHelp("The pack to write, such as photos.h5.", valueName: "file"))
  var output: String

  @Option(help: ArgumentHelp("Pictures to validate on, where they do not lie beside train.", valueName: "folder|list"))
  var validation: String?

  @Option(help: ArgumentHelp("Pictures to test on, where they do not lie beside train.", valueName: "folder|list"))
  var test: String?

  @Option(help: ArgumentHelp("Put so many training pictures aside to validate on.", valueName: "pictures"))
  var holdOut = 0

  @Option(
    help: ArgumentHelp("What paths in list files are relative to (default: the list's folder).", valueName: "folder"))
  var root: String?

  @Option(
    help: ArgumentHelp(
      "ImageNet's development kit, or Kaggle's LOC_val_solution.csv (default: looked for beside the pictures).",
      valueName: "folder|file"))
  var devkit: String?

  @Option(
    help: ArgumentHelp(
      "A file of class names: a line for each, the name alone or the class's folder and its name.", valueName: "file"))
  var classNames: String?

  @Option(help: ArgumentHelp("Store larger pictures with a shorter side of so many pixels.", valueName: "pixels"))
  var shorterSide = 512

  @Flag(help: "Store every file's bytes as they are, however large the picture.")
  var keep = false

  @Option(help: "JPEG quality of the pictures that are made smaller, 1 to 100.")
  var quality = 90

  @Flag(help: "Turn pictures as the camera notes that it was held (EXIF). ImageNet's published results do not.")
  var exif = false

  @Option(help: ArgumentHelp("Divide the pack among so many files.", valueName: "files"))
  var shards = 1

  @Option(help: "At a file that is no whole picture: stop, or skip it and say so.")
  var onError: PackSettings.OnError = .stop

  @Option(help: ArgumentHelp("The mean image is of pictures with this shorter side,", valueName: "pixels"))
  var meanSide = 256

  @Option(help: ArgumentHelp("and of a square of so many pixels in their middle.", valueName: "pixels"))
  var meanCrop = 224

  @Option(
    help: ArgumentHelp("Also write so many training pictures, augmented, to OUTPUT.preview.png.", valueName: "pictures")
  )
  var preview: Int?

  @Option(help: "Threads of each rank (default: its share of the host's cores).")
  var threads: Int?

  @Flag(help: "Print warnings and errors only.")
  var quiet = false

  func validate() throws {
    func check(_ value: Int, _ range: ClosedRange<Int>, _ name: String) throws {
      guard range.contains(value) else {
        throw ValidationError("\(name) is \(value); it takes \(range.lowerBound) to \(range.upperBound).")
      }
    }
    try check(shorterSide, 32...16384, "--shorter-side")
    try check(quality, 1...100, "--quality")
    try check(shards, 1...10_000, "--shards")
    try check(holdOut, 0...1_000_000_000, "--hold-out")
    try check(meanSide, 1...4096, "--mean-side")
    try check(meanCrop, 1...meanSide, "--mean-crop")
    if let preview { try check(preview, 1...10_000, "--preview") }
    if let threads { try check(threads, 1...4096, "--threads") }
    guard !output.isEmpty, !output.hasSuffix("/") else { throw ValidationError("--output needs a file's name.") }
  }

  func run() throws {
    let (command, quiet, preview) = (self, quiet, preview)
    // Before MPI starts: a process without mpirun looks like one of its ranks afterwards.
    let terminal = Terminal.find()
    onAllRanks { world in
      let settings = command.settings(
        threads: command.threads ?? world.coresOfRank)
      let reporter = PackingReporter(terminal: terminal, quiet: quiet)
      let packing = Packing(
        settings, world: world, stop: { StopSignals.isRequested }, report: { reporter.tell($0) })
      guard let summary = try packing.run() else {
        if world.rank == 0 {
          Console.complain("stopped by a signal; the same command goes on from what is in \(settings.workFolder)")
        }
        return .tryAgain
      }
      try world.agree {
        guard world.rank == 0 else { return }
        reporter.tell(summary)
        if let preview {
          let path = "\(settings.output).preview.png"
          try Preview.write(pack: summary.paths[0], count: preview, to: path)
          if !quiet { Console.say("preview    \(path)") }
        }
      }
      return .done
    }
  }

  private func settings(threads: Int) -> PackSettings {
    PackSettings(
      input: PackInput(
        source: source, validation: validation, test: test, root: root, developmentKit: devkit, classNames: classNames),
      output: output, shards: shards, onError: onError, holdOut: holdOut, shorterSide: keep ? nil : shorterSide,
      quality: quality, appliesOrientation: exif, meanSide: meanSide, meanCrop: meanCrop, threads: threads)
  }
}
