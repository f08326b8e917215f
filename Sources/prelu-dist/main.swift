import Foundation
import Kernels
import System

// This comes first: a kernel that the processor cannot run ends the process without a word.
let lacking = InstructionSets.compiledFor.subtracting(.ofProcessor)
if !lacking.isEmpty {
  Console.complain(
    "host \(ProcessInfo.processInfo.hostName): this program was built for a processor with \(lacking), which this one "
      + "(\(processorName())) does not have: install it by scripts/install --levels v3,v4, or build it here")
  exit(ExitStatus.internalError.rawValue)
}
LastWords.install(program: "prelu-dist")
MemoryFailure.whenItComes { bytes, reason in
  let host = ProcessInfo.processInfo.hostName
  Console.complain(
    "host \(host): expected \(byteText(bytes)) more memory, found none: \(reason). Raise the limit (ulimit -v, the "
      + "job's memory), take a smaller mini-batch (--batch) or network, or start fewer ranks with more threads")
  exit(ExitStatus.unavailable.rawValue)
}
MatrixLibrary.takePortableKernel()
MatrixLibrary.useCallingThreadOnly()
// A reader that has closed its end of the pipe, as `head` does, must not end the program.
signal(SIGPIPE, SIG_IGN)
// Nor must a limit of files' sizes (ulimit -f): the write fails then, and is told like any other.
signal(SIGXFSZ, SIG_IGN)

if ProcessArguments.all.dropFirst() == ["--version"] {
  // Of several ranks one speaks. The parser, which would need all commands first, takes longer than all else.
  if Console.isFirstRank { Console.write(PreluDist.versionText + "\n") }
  exit(Console.status(after: .done).rawValue)
}
if let refusal = CommandNames.refusal(of: Array(ProcessArguments.all.dropFirst())) {
  if Console.isFirstRank { Console.complain("\(refusal)") }
  exit(refusal.exitStatus.rawValue)
}
do {
  var command = try PreluDist.parseAsRoot(NegativeNumbers.joined(Array(ProcessArguments.all.dropFirst())))
  try command.run()
} catch {
  // Every rank reads the same arguments; one of them speaks.
  let code = PreluDist.exitCode(for: error).rawValue
  guard Console.isFirstRank else { exit(code) }
  guard code == ExitStatus.done.rawValue else { PreluDist.exit(withError: error) }
  // A help text or a version, whose loss is a failure as that of any other result.
  Console.write(PreluDist.fullMessage(for: error) + "\n")
  exit(Console.status(after: .done).rawValue)
}
