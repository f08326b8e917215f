import ArgumentParser
import Checkpoint
import System

/// The leave to replace files that the program did not write.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Replace a file of another kind that bears the name of an output.")
  var overwrite = false

  /// Refuses an output that cannot be written or would replace what is not its own.
  ///
  /// - Parameter inputs: the files and folders that the command reads; of a run folder, any checkpoint may be what it
  ///   reads.
  func check(_ output: OutputFile, inputs: [String]) throws(FileError) {
    var all = inputs
    for folder in inputs where FileSystem.isFolder(folder) {
      all += ((try? RunFolder.open(at: folder).checkpoints()) ?? []).map(\.path)
    }
    try output.check(inputs: all, overwrites: overwrite)
  }
}
