import Foundation

// Feeds mutated files to the readers of files from outside.
//
//   prelu-fuzz FORMAT COUNT SEED [unlimited]       FORMAT: checkpoint, idx, image, yaml, metrics, report,
//                                                 pack, archive, list, devkit, safetensors, classes,
//                                                 checkpoint-bytes, pack-bytes
//
// In the last two one byte after the other is altered by one bit, which one SEED says, and then by the next bit, until
// COUNT; with a COUNT smaller than the file some bytes at equal distances are. Each file is to be refused, or read as
// what was written; the bytes that were altered without effect are listed, and in which structures of HDF5 they lie.
//
// Another file is to be read or refused: no crash, no hang, no error but the reader's own, no more memory than the
// limit, which a child process is given, unless it is to be unlimited: sanitizers reserve more address space than any
// limit allows (swift build -c debug --sanitize=address --product prelu-fuzz). A failure is told with the number of
// the input, and the file is kept.

/// Prints a line at once: the process may die at any time.
func say(_ line: String) {
  try? FileHandle.standardOutput.write(contentsOf: Data("\(line)\n".utf8))
}

func fail(_ message: String) -> Never {
  try? FileHandle.standardError.write(contentsOf: Data("prelu-fuzz: \(message)\n".utf8))
  exit(64)
}

let limitsMemory = !CommandLine.arguments.contains("unlimited")
let arguments = CommandLine.arguments.filter { $0 != "unlimited" }
guard arguments.count >= 4, let format = Format.all.first(where: { $0.name == arguments[1] }),
  let count = Int(arguments[2]), count > 0, let seed = UInt64(arguments[3])
else { fail("usage: prelu-fuzz \(Format.all.map(\.name).joined(separator: "|")) COUNT SEED [unlimited]") }

do {
  if arguments.count == 6, let first = Int(arguments[4]) {
    try Child(format, folder: arguments[5], seed: seed, limitsMemory: limitsMemory).run(first..<count)
  } else {
    exit(try Parent(format, count: count, seed: seed, limitsMemory: limitsMemory).run() ? 0 : 1)
  }
} catch {
  fail("\(error)")
}
