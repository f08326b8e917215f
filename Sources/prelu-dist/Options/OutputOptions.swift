import ArgumentParser
import System

/// The leave to replace files that the program did not write.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Replace a file of another kind that bears the name of an output.")
  var overwrite = false

  /// Refuses an output that cannot be written or would replace what is not its own.
  ///
  /// - Parameter inputs: the files and folders that the command reads.
  func check(_ output: OutputFile, inputs: [String]) throws(FileError) {
    try output.check(inputs: inputs, overwrites: overwrite)
  }
}
